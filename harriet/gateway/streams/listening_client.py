"""One stream on which a client hears what changes: GET of the handshake era, subscriptions/listen of 2026-07-28.

An idle stream costs one waiting task. What is to be said is sent by short-lived tasks, and a reader that is too slow
loses its stream.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.access.facts import ProfileRow
from harriet.gateway.http.exchange import HttpExchange
from harriet.gateway.policy.principal import Principal
from harriet.gateway.streams.sessions import OpenSession
from harriet.lib.mcp.meta import SUBSCRIPTION_ID_KEY
from harriet.people.stop_rules import StandingStop

MOST_WAITING = 256
"""Messages that may wait for a slow reader."""
LAST_WORDS = 2.0
"""Seconds in which what is on its way may still arrive when a stream ends."""


@dataclass(eq=False, slots=True)
class ListeningClient:
    """One open stream: whose it is, and what it wants to hear."""

    exchange: HttpExchange
    organization: str
    principal: Principal
    profile: ProfileRow
    wants: frozenset[str]
    uris: frozenset[str]
    client: str = ""
    """What it calls itself."""
    is_rest_of_answer: bool = False
    """It hears the end of a call, which says itself why it ended."""
    session: OpenSession | None = None
    rpc_id: bytes = b""
    shown: dict[str, int] = field(default_factory=dict)
    """What the lists looked like when this stream last heard of them."""
    waiting: deque[bytes] = field(default_factory=deque)
    sender: asyncio.Task[None] | None = None
    has_lost_access: bool = False
    stop: StandingStop | None = None
    """What ended it in an emergency."""
    ended: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def has_session(self) -> bool:
        return self.session is not None

    def tell(self, method: str, params: dict[str, Any] | None = None) -> None:
        params = params or {}
        if self.rpc_id:
            params = {**params, "_meta": {SUBSCRIPTION_ID_KEY: msgspec.Raw(self.rpc_id)}}
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        self.put(msgspec.json.encode({**message, "params": params} if params else message))

    def put(self, message: bytes) -> None:
        """An empty message is a sign of life."""
        if self.ended.done():
            return
        if len(self.waiting) >= MOST_WAITING:
            self.end()
            return
        self.waiting.append(message)
        if self.sender is None or self.sender.done():
            self.sender = asyncio.create_task(self._send())

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def cut_off(self) -> None:
        self.has_lost_access = True
        self.end()

    async def last_words(self) -> None:
        """What is on its way may still arrive; a client that doesn't read is not waited for."""
        if self.sender is None:
            return
        _, late = await asyncio.wait({self.sender}, timeout=LAST_WORDS)
        if late:
            self.sender.cancel()
            self.exchange.reply.abandon()

    async def _send(self) -> None:
        with suppress(OSError):
            while self.waiting:
                message = self.waiting.popleft()
                await (self.exchange.reply.notify(message) if message else self.exchange.reply.keep_alive())
