"""The request id that everything caused by one web request, call or task carries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from harriet.lib.ids import new_id
from harriet.lib.logs import logged_for

_current: ContextVar[UUID | None] = ContextVar("harriet_request_id", default=None)


def request_id() -> UUID:
    """The id of the request we are in. Outside one, a new id each time: nothing may leak into the next task."""
    return _current.get() or new_id()


@contextmanager
def one_request() -> Iterator[None]:
    """Everything recorded inside carries one request id: that of the request we are in, or one of its own."""
    if _current.get() is not None:
        yield
        return
    with request():
        yield


@contextmanager
def request(id: UUID | None = None) -> Iterator[UUID]:
    """Everything recorded inside carries one request id."""
    chosen = id or new_id()
    token, logged = _current.set(chosen), logged_for.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)
        logged_for.reset(logged)
