"""The connections of AsyncEgress: kept for a while after use, by address and TLS name."""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple

from harriet.lib.egress.connection import Connection

_KEEP_SECONDS = 30.0
"""For so long an idle connection is kept."""


class Door(NamedTuple):
    """Where a connection goes: an address that was checked, and the name that its certificate must have."""

    address: str
    port: int
    is_tls: bool
    server_name: str


class _Idle(NamedTuple):
    connection: Connection
    since: float


class Pool:
    """One per event loop. The one that was used last is used next, so that the others can be let go."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._tls = tls
        self._idle: dict[Door, list[_Idle]] = {}
        self._used: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def take(self, door: Door, connect_seconds: float) -> Connection:
        """Raises OSError (ssl.SSLError and TimeoutError among them)."""
        connection = self._kept(door)
        if connection is None:
            async with asyncio.timeout(connect_seconds):
                connection = await self._opened(door)
        self._used.add(connection)
        return connection

    def give_back(self, door: Door, connection: Connection) -> None:
        """An answer that was not read to its end takes its connection with it."""
        self._used.discard(connection)
        if not connection.is_usable:
            connection.abort()
            return
        self._idle.setdefault(door, []).append(_Idle(connection, self._loop.time()))
        if self._sweep is None:
            self._sweep = self._loop.call_later(_KEEP_SECONDS, self._drop_old)

    def close(self) -> None:
        """Ends all connections, those in use too."""
        if self._sweep is not None:
            self._sweep.cancel()
        for idle in self._idle.values():
            for one in idle:
                one.connection.abort()
        for connection in self._used:
            connection.abort()
        self._idle.clear()
        self._used.clear()

    def _kept(self, door: Door) -> Connection | None:
        idle = self._idle.get(door)
        while idle:
            found = idle.pop()
            if found.connection.is_usable and self._loop.time() - found.since < _KEEP_SECONDS:
                return found.connection
            found.connection.abort()
        return None

    async def _opened(self, door: Door) -> Connection:
        _, connection = await self._loop.create_connection(
            lambda: Connection(self._loop),
            door.address,
            door.port,
            ssl=self._tls if door.is_tls else None,
            server_hostname=door.server_name if door.is_tls else None,
        )
        return connection

    def _drop_old(self) -> None:
        self._sweep = None
        limit = self._loop.time() - _KEEP_SECONDS
        for door, idle in list(self._idle.items()):
            for one in idle:
                if one.since <= limit:
                    one.connection.abort()
            kept = [one for one in idle if one.since > limit and one.connection.is_usable]
            if kept:
                self._idle[door] = kept
            else:
                del self._idle[door]
        if self._idle:
            self._sweep = self._loop.call_later(_KEEP_SECONDS / 3, self._drop_old)
