"""Refuses requests that no person types and no program should send, before anything else is done with them.

PostgreSQL stores no NUL, so one in a filter, an id or a cookie would be a fault of ours wherever it first reached the
database. What is refused here, once, no page, form or API needs to think of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse, QueryDict

CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "iso-8859-1"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_NUL = "The request has a NUL character in it, and nothing here can hold one. Remove it, and send the request again."
_CHARSET = "The request's charset is one that Harriet doesn't read. Send it as UTF-8."
_DOES_NOT_FIT = "Something in the request is no value that can be stored or looked for: too large, or of another kind."


class WellFormedMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Raises BadRequest."""
        if (request.content_params or {}).get("charset", "utf-8").lower() not in CHARSETS:
            request.encoding = "utf-8"  # for whoever still looks at it
            raise BadRequest(_CHARSET)
        if request.content_type == "application/x-www-form-urlencoded":
            request.encoding = "utf-8"  # such forms have no other, whatever charset some programs name beside it
        if "\x00" in request.path or "\x00" in "".join(request.COOKIES.values()):
            raise BadRequest(_NUL)
        if _has_nul(request.GET):
            request.GET = _readable_query(request)  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.content_type in _FORMS and _has_nul(request.POST):
            raise BadRequest(_NUL)

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """What the database, or a field, can't hold was sent by somebody: the request is wrong, and not the page."""
        if isinstance(error, DataError | ValidationError):
            raise BadRequest(_DOES_NOT_FIT) from error


def _readable_query(request: HttpRequest) -> QueryDict:
    """The query of a page that is only looked at is read as other bytes are that are no text: with U+FFFD in their
    place, which finds nothing. Whoever changes something, or wrote a program, is told. Raises BadRequest."""
    if request.method not in ("GET", "HEAD") or request.path.startswith("/api/"):
        raise BadRequest(_NUL)
    found = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        found.setlist(name.replace("\x00", "\ufffd"), [value.replace("\x00", "\ufffd") for value in values])
    found._mutable = False
    return found


def _has_nul(sent: QueryDict) -> bool:
    return any("\x00" in text for name, values in sent.lists() for text in _texts(name, values))


def _texts(name: str, values: Iterable[Any]) -> Iterable[str]:
    yield name
    yield from (value for value in values if isinstance(value, str))
