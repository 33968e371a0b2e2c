"""Sessions with servers that keep some: opened once, shared by the calls that may share them, never per call."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from connectors.transports.base import Endpoint, OnNotification
from connectors.transports.native.cookies import Cookies
from connectors.transports.native.server_questions import Asked

LIMIT = 20_000


@dataclass(slots=True)
class InFlight:
    """A request that is on its way, for what the server says about it outside of its own stream."""

    asked: Asked
    on_notification: OnNotification | None


class Listener(NamedTuple):
    """Keeps the server's own stream open."""

    task: asyncio.Task[None]
    opened: asyncio.Event


@dataclass(slots=True, eq=False)
class Session:
    """One with a server of the legacy era."""

    version: str
    id: str
    """Empty when the server keeps no sessions."""
    headers: dict[str, str]
    """What every request in this session carries beside the credential."""
    capabilities: frozenset[str] = frozenset()
    """Names of what the server can do."""
    open_at: Endpoint | None = None
    """Where it can be ended without a credential; None when one is needed, because none is kept."""
    log_level: str = ""
    roots_version: int = 0
    """What the server was told last of changes to its client's roots."""
    has_stream: bool = True
    """False once the server has said that it opens no streams of its own."""
    opens_late: bool = False
    """True when the server's stream begins with its first event only: waiting for it is of no use."""
    in_flight: dict[bytes, InFlight] = field(default_factory=dict)
    listener: Listener | None = None
    cookies: Cookies | None = None
    """None when the session is shared by callers that the server can't tell apart."""


S = TypeVar("S")


class Sessions(Generic[S]):
    """Callers that need the same session at once wait for one opening; the least recently used ones go first."""

    def __init__(self, limit: int = LIMIT, *, on_leave: Callable[[S], None] | None = None) -> None:
        self._limit = limit
        self._on_leave = on_leave
        self._ready: OrderedDict[Hashable, S] = OrderedDict()
        self._opening: dict[Hashable, asyncio.Task[S]] = {}

    def ready(self, key: Hashable) -> S | None:
        session = self._ready.get(key)
        if session is not None:
            self._ready.move_to_end(key)
        return session

    async def get(self, key: Hashable, open_one: Callable[[], Awaitable[S]]) -> S:
        session = self.ready(key)
        if session is not None:
            return session
        task = self._opening.get(key)
        if task is None:
            task = self._opening[key] = asyncio.ensure_future(self._open(key, open_one))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # The opening goes on when this caller leaves: others may wait for it.
        return await asyncio.shield(task)

    def keep(self, key: Hashable, session: S) -> None:
        while len(self._ready) >= self._limit:
            _, oldest = self._ready.popitem(last=False)
            if self._on_leave is not None:
                self._on_leave(oldest)
        self._ready[key] = session

    def forget(self, key: Hashable, session: S) -> None:
        """It is of no more use; another may stand in its place already."""
        if self._ready.get(key) is session:
            del self._ready[key]

    async def close(self) -> list[S]:
        """What was open."""
        tasks = list(self._opening.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        sessions = list(self._ready.values())
        self._ready.clear()
        return sessions

    async def _open(self, key: Hashable, open_one: Callable[[], Awaitable[S]]) -> S:
        try:
            session = await open_one()
            self.keep(key, session)
            return session
        finally:
            self._opening.pop(key, None)
