"""What is answered to a directory: whose token is it, and what the library's server says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from scim2_models import (
    ForbiddenException,
    InvalidSyntaxException,
    InvalidValueException,
    NotFoundException,
    PayloadTooLargeException,
    SCIMException,
    UnauthorizedException,
    UniquenessException,
)
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from harriet.lib.errors import Problem
from harriet.people.actions.remind_of_scim_token import remind_of_scim_token
from harriet.people.actors import actor_of_token
from harriet.people.errors import NotAllowed, NotFound
from harriet.people.models import AccessToken
from harriet.people.queries import live_tokens
from harriet.people.tokens import hash_token
from harriet.signin.actions.note_refusal import note_refusal
from harriet.signin.errors import Taken
from harriet.signin.scim.filters import check_size
from harriet.signin.scim.resources import PROVIDER
from harriet.signin.scim.storage import DatabaseStorage

SEEN_EVERY = timedelta(minutes=1)
SERVICE = ScimService(PROVIDER)
_READS = frozenset({"GET", "HEAD"})
UNKNOWN = "This token was revoked, has expired or never existed. An owner makes one on the page SCIM of Harriet."
TOO_DEEP = "What was sent is nested too deeply."


def answer(request: HttpRequest, organization: str, path: str) -> HttpResponse:
    return _as_http(_answer(lambda: _served(request, organization, path)))


def _answer(serve: Callable[[], ScimResponse]) -> ScimResponse:
    """Every refusal in the form that RFC 7644 §3.12 gives it."""
    try:
        return serve()
    except SCIMException as refused:
        said = SERVICE.error_response(refused)
        return replace(said, body=(said.body or {}) | {"detail": _in_one_line(refused.detail)})
    except Problem as problem:
        return SERVICE.error_response(_as_scim(problem))
    except RequestDataTooBig:
        return SERVICE.error_response(PayloadTooLargeException(detail="Send less at once."))
    except RecursionError:
        return SERVICE.error_response(InvalidSyntaxException(detail=TOO_DEEP))


def _served(request: HttpRequest, organization: str, path: str) -> ScimResponse:
    token = _token(request, organization)
    method = "GET" if request.method == "HEAD" else request.method or "GET"
    storage = DatabaseStorage(token.organization, actor_of_token(token), is_writing=method not in _READS | {"POST"})
    asked = ScimRequest(
        method=method,
        base_url=f"{settings.BASE_URL}/scim/v2/{token.organization.slug}",
        path=f"/{path}",
        query={name: request.GET[name] for name in request.GET},
        headers=dict(request.headers),
        body=_body(request),
    )
    _check_filters(asked)
    try:
        return ScimHandler(SERVICE, storage).handle(asked)
    except Problem as problem:
        if storage.subject is not None and not isinstance(problem, Taken) and _ends_access(problem):
            note_refusal(storage.subject, problem.message, actor=storage.actor)
            raise ForbiddenException(detail=problem.message) from problem
        raise


def _ends_access(problem: Problem) -> bool:
    """What guards an owner is about no attribute that the directory sent."""
    return isinstance(problem, NotAllowed) or problem.field == "role"


def _body(request: HttpRequest) -> bytes:
    """Raises InvalidSyntaxException for what no text of the database can hold."""
    body = request.body
    if b"\x00" in body or b"\\u0000" in body:
        raise InvalidSyntaxException(detail="A NUL character can't be kept. Remove it.")
    return body


def _check_filters(asked: ScimRequest) -> None:
    """Raises InvalidFilterException."""
    check_size(asked.query.get("filter", ""))
    if asked.path.rstrip("/").endswith("/.search") and asked.body:
        try:
            found = json.loads(asked.body)
        except (ValueError, RecursionError):
            return
        check_size(str(found.get("filter", "")) if isinstance(found, dict) else "")


def _token(request: HttpRequest, organization: str) -> AccessToken:
    """The right one of another organization is as wrong as any. Raises UnauthorizedException."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise UnauthorizedException(detail="Send the token as Authorization: Bearer …")
    found = live_tokens().filter(
        token_hash=hash_token(text.strip()), kind=AccessToken.Kind.SCIM, organization__slug=organization
    )
    token = found.first()
    if token is None:
        raise UnauthorizedException(detail=UNKNOWN)
    not_lately = Q(last_seen_at=None) | Q(last_seen_at__lt=Now() - SEEN_EVERY)
    if AccessToken.objects.filter(not_lately, pk=token.pk).update(last_seen_at=Now()):
        remind_of_scim_token(token)
    return token


def _in_one_line(detail: str) -> str:
    """What the library checks values with answers in several lines, about classes: kept are the attribute and why."""
    head, *lines = detail.splitlines() or [""]
    if "validation error" not in head or len(lines) < 2:
        return detail
    return f"{lines[0].strip()}: {lines[1].partition('[type=')[0].strip()}"


def _as_scim(problem: Problem) -> SCIMException:
    if isinstance(problem, Taken):
        return UniquenessException(detail=problem.message)
    if isinstance(problem, NotAllowed):
        return ForbiddenException(detail=problem.message)
    if isinstance(problem, NotFound):
        return NotFoundException(detail=problem.message)
    return InvalidValueException(detail=problem.message)


def _as_http(answer: ScimResponse) -> HttpResponse:
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
    response = HttpResponse(body, status=int(answer.status), headers=headers)
    response["Content-Type"] = answer.headers["Content-Type"]
    response["Cache-Control"] = "no-store"
    return response
