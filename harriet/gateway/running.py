"""The calls in flight in this process: for cancelling one by its JSON-RPC id, for watching whether the client of a long
one is still there, and for letting them end at shutdown."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from django.db import connection

WATCH_AFTER = 0.1
"""Seconds, or up to twice as many, until a call's client is watched for going away: most calls are over by then, and
watching has a price."""

Key = tuple[UUID, UUID, bytes]
"""Token, profile and JSON-RPC id: what a client calls a request of its own."""


def name_of(token_id: UUID, profile_id: UUID, rpc_id: bytes) -> str:
    """What a cancellation calls a request. The id alone is the client's choice, so the token is part of the name."""
    return hashlib.sha256(token_id.bytes + profile_id.bytes + rpc_id).hexdigest()


class Attended:
    """A call that a client waits for. `watch` is the work of watching for its going away."""

    __slots__ = ("is_taken_back", "key", "task", "watch", "watcher")

    def __init__(self, task: asyncio.Task[Any], key: Key, watch: Callable[[Attended], Coroutine[Any, Any, None]]):
        self.task, self.key, self.watch = task, key, watch
        self.watcher: asyncio.Task[None] | None = None
        self.is_taken_back = False
        """Cancelled for the client's sake, and not because the process ends."""

    def take_back(self) -> None:
        self.is_taken_back = True
        self.task.cancel()


class Running:
    def __init__(self) -> None:
        self._calls: set[Attended] = set()
        self._fresh: dict[Attended, float] = {}
        """Those that nobody watches yet, the oldest first, and when they began."""
        self._look: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def begin(self, call: Attended) -> None:
        loop = asyncio.get_running_loop()
        self._calls.add(call)
        self._fresh[call] = loop.time()
        if self._look is None:
            self._look = loop.call_later(WATCH_AFTER, self._watch_old)

    def end(self, call: Attended) -> None:
        self._calls.discard(call)
        self._fresh.pop(call, None)
        if call.watcher is not None:
            call.watcher.cancel()

    def _watch_old(self) -> None:
        """One timer for all calls, rather than one for each."""
        loop = asyncio.get_running_loop()
        limit = loop.time() - WATCH_AFTER
        for call in [call for call, began in self._fresh.items() if began <= limit]:
            del self._fresh[call]
            call.watcher = loop.create_task(call.watch(call))
        self._look = loop.call_later(WATCH_AFTER, self._watch_old) if self._fresh else None

    def cancel(self, key: Key) -> bool:
        """Cancels the one call of this name. Two clients that share a token and an id can't be told apart: neither."""
        return self._cancel([call for call in self._calls if call.key == key])

    def cancel_named(self, name: str) -> None:
        """The same, for a cancellation that arrived at another process."""
        self._cancel([call for call in self._calls if name_of(*call.key) == name])

    def _cancel(self, same: list[Attended]) -> bool:
        if len(same) == 1:
            same[0].take_back()
        return bool(same)

    async def drain(self, seconds: float) -> None:
        """Waits for the calls in flight, then cancels what is left."""
        tasks = {call.task for call in self._calls}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        left = {call.task for call in self._calls}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def tell_other_processes(name: str) -> None:
    """The call that the client takes back may run in another process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('harriet_cancel', %s)", [name])
