"""Sessions with servers: opened once, shared by the calls that may share them, never per call."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

MOST_SESSIONS = 20_000
"""Open ones, of all callers with all servers."""

S = TypeVar("S")


class SessionPool(Generic[S]):
    """Callers that need the same session at once wait for one opening; the least recently used ones go first."""

    def __init__(self, limit: int = MOST_SESSIONS, *, on_leave: Callable[[S], None] | None = None) -> None:
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
        """The session of the key; opened once, whoever asks at the same time. Raises what opening raises."""
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
