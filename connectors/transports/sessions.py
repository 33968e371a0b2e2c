"""Sessions with servers of the legacy era: opened once, shared by the calls that may share them, never per call."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Session:
    version: str
    id: str
    """Empty when the server keeps no sessions."""
    headers: dict[str, str]
    """What every request in this session carries beside the credential."""


class Sessions:
    """Callers that need the same session at once wait for one opening."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._ready: dict[Hashable, Session] = {}
        self._opening: dict[Hashable, asyncio.Task[Session]] = {}

    async def get(self, key: Hashable, open_one: Callable[[], Awaitable[Session]]) -> Session:
        session = self._ready.get(key)
        if session is not None:
            return session
        task = self._opening.get(key)
        if task is None:
            task = self._opening[key] = asyncio.ensure_future(self._open(key, open_one))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # The opening goes on when this caller leaves: others may wait for it.
        return await asyncio.shield(task)

    def forget(self, key: Hashable, session: Session) -> None:
        """The server doesn't know this session any more; another may stand in its place already."""
        if self._ready.get(key) is session:
            del self._ready[key]

    async def close(self) -> None:
        tasks = list(self._opening.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._ready.clear()

    async def _open(self, key: Hashable, open_one: Callable[[], Awaitable[Session]]) -> Session:
        try:
            session = await open_one()
            while len(self._ready) >= self._limit:
                del self._ready[next(iter(self._ready))]
            self._ready[key] = session
            return session
        finally:
            self._opening.pop(key, None)
