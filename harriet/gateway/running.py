"""The calls in flight in this process: for cancelling one by its JSON-RPC id, and for letting them end at shutdown."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any
from uuid import UUID

from django.db import connection


def name_of(token_id: UUID, profile_id: UUID, rpc_id: bytes) -> str:
    """What a cancellation calls a request. The id alone is the client's choice, so the token is part of the name."""
    return hashlib.sha256(token_id.bytes + profile_id.bytes + rpc_id).hexdigest()


class Running:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._named: dict[tuple[UUID, UUID, bytes], set[asyncio.Task[Any]]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, task: asyncio.Task[Any], key: tuple[UUID, UUID, bytes]) -> None:
        self._tasks.add(task)
        self._named.setdefault(key, set()).add(task)

    def remove(self, task: asyncio.Task[Any], key: tuple[UUID, UUID, bytes]) -> None:
        self._tasks.discard(task)
        same = self._named.get(key)
        if same is not None:
            same.discard(task)
            if not same:
                del self._named[key]

    def cancel(self, key: tuple[UUID, UUID, bytes]) -> bool:
        """Cancels the one call of this name. Two clients that share a token and an id can't be told apart: neither."""
        same = self._named.get(key, set())
        if len(same) == 1:
            next(iter(same)).cancel()
        return bool(same)

    def cancel_named(self, name: str) -> None:
        """The same, for a cancellation that arrived at another process."""
        for key in list(self._named):
            if name_of(*key) == name:
                self.cancel(key)

    async def drain(self, seconds: float) -> None:
        """Waits for the calls in flight, then cancels what is left."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        left = set(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def tell_other_processes(name: str) -> None:
    """The call that the client takes back may run in another process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('harriet_cancel', %s)", [name])
