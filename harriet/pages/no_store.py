"""Nothing that Harriet answers is kept: what one may see changes by the second, and some of it is shown once."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def forbid_storing(response: HttpResponse) -> HttpResponse:
    """By a cache on the way, or by a browser that several people share."""
    response["Cache-Control"] = "private, no-store"
    return response


class UnstoredMiddleware:
    """For every page and every answer of the API. Static files are served before they come here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return forbid_storing(self.get_response(request))
