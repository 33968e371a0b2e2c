"""Whether an open page shows what there is: it asks every other second, and hears nothing until that changes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

_HEADER = "X-Seen"
"""Sent by static/harriet/live.js: what `data-seen` within the region says."""
_NOTHING_NEW = 204


def is_as_seen(request: HttpRequest, standing: str) -> bool:
    return request.headers.get(_HEADER) == standing


def nothing_new() -> HttpResponse:
    return HttpResponse(status=_NOTHING_NEW)
