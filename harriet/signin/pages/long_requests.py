"""Requests of clients whose address is too long for the way through signing in, which takes 2,048 characters: some
products send a state of thousands. It waits for an hour under a short name, and nothing of it is lost."""

from __future__ import annotations

import secrets

from django.core.cache import cache
from django.http import HttpRequest

LONGEST = 1500
"""Characters: the name of the address grows on its way, where it stands in others."""
KEPT_SECONDS = 3600
_NAME = "kept"


def way_back(request: HttpRequest) -> str:
    """The path that leads to this request again. Whoever has it gets no more than the client's own address says."""
    path = request.get_full_path()
    if len(path) <= LONGEST:
        return path
    name = secrets.token_urlsafe(16)
    cache.set(_key(name), path, KEPT_SECONDS)
    return f"{request.path}?{_NAME}={name}"


def is_kept(request: HttpRequest) -> bool:
    return _NAME in request.GET


def kept_path(request: HttpRequest) -> str | None:
    """The whole address; None when it waited too long."""
    path = cache.get(_key(request.GET.get(_NAME, "")))
    return path if isinstance(path, str) and path.startswith(f"{request.path}?") else None


def _key(name: str) -> str:
    return f"long-request:{name[:40]}"
