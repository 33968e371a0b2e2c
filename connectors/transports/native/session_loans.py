"""Requests of clients without sessions (2026-07-28) at servers with some: what one says is not remembered for another.

Each has a session to itself while it runs. A server that asked for roots may remember them, so that session is used
again only for requests whose client gives the same roots: from then on a client is asked for them before the session
is chosen. Otherwise sessions are used again by requests that declare the same, one after the other.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Generic

from connectors.transports.base import Caller, Endpoint, OnQuestion
from connectors.transports.native.deadline import Clock
from connectors.transports.native.outgoing import Attached
from connectors.transports.native.sessions import S, Sessions
from harriet.lib.mcp.methods import ROOTS_LIST

MOST_KEPT = 32
"""Sessions of one caller with one server that wait for their next request; those used longest ago are ended."""
MOST_OWNERS = 20_000

Place = tuple[int, str]
"""A connector's id, and its address."""


@dataclass(slots=True)
class Alone:
    """One request, and its place among the sessions."""

    endpoint: Endpoint
    owner: Hashable
    base: Hashable
    on_question: OnQuestion
    key: Hashable = None
    has_roots: bool = False
    """The session was chosen for its roots."""
    roots: bytes = b""
    """What the client answered, the one time that it was asked."""
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self, method: str, params: bytes) -> bytes:
        if method != ROOTS_LIST:
            return await self.on_question(method, params)
        async with self._one_at_a_time:
            if not self.roots:
                self.roots = await self.on_question(method, params)
        return self.roots


class Places(Generic[S]):
    """Hands out the sessions under one caller's declarations, each to one request at a time."""

    def __init__(
        self,
        sessions: Sessions[S],
        *,
        is_busy: Callable[[S], bool],
        end: Callable[[Endpoint, S, Attached], None],
    ) -> None:
        self._sessions, self._is_busy, self._end = sessions, is_busy, end
        self._taken: set[Hashable] = set()
        self._kept: OrderedDict[Hashable, OrderedDict[Hashable, None]] = OrderedDict()
        self._asking_for_roots: set[Place] = set()

    async def take(self, endpoint: Endpoint, caller: Caller, on_question: OnQuestion, clock: Clock) -> Alone:
        """To be given back. Asks the client for its roots first, where the server is known to want them."""
        base = (endpoint.connector_id, endpoint.url, caller.capabilities, caller.session_key)
        alone = Alone(endpoint, _owner(endpoint, caller), base, on_question)
        if _place(endpoint) in self._asking_for_roots and b'"roots"' in caller.capabilities:
            alone.has_roots = True
            with clock.stopped():
                await alone.ask(ROOTS_LIST, b"{}")
        alone.key = self._free(alone)
        self._taken.add(alone.key)
        return alone

    def give_back(self, alone: Alone, attached: Attached) -> None:
        self._taken.discard(alone.key)
        has_learned = bool(alone.roots) and not alone.has_roots
        if has_learned:
            self._asking_for_roots.add(_place(alone.endpoint))
        session = self._sessions.ready(alone.key)
        if session is None:
            return
        if has_learned:
            self._move(alone, session)
        self._keep(alone.endpoint, alone.owner, alone.key, attached)

    def opened(self, endpoint: Endpoint, caller: Caller, key: Hashable, attached: Attached) -> None:
        """A session that several requests of such a client may use at once, because none of them can be asked."""
        self._keep(endpoint, _owner(endpoint, caller), key, attached)

    def _free(self, alone: Alone) -> Hashable:
        """The first key that nobody uses. Keys of the same beginning mean sessions that are alike."""
        return next(key for key in _keys(alone) if key not in self._taken)

    def _move(self, alone: Alone, session: S) -> None:
        """The server has learned of roots in it: it is for those alone."""
        self._sessions.forget(alone.key, session)
        if alone.owner in self._kept:
            self._kept[alone.owner].pop(alone.key, None)
        free = (key for key in _keys(alone) if key not in self._taken and self._sessions.ready(key) is None)
        alone.key = next(free)
        self._sessions.keep(alone.key, session)

    def _keep(self, endpoint: Endpoint, owner: Hashable, key: Hashable, attached: Attached) -> None:
        kept = self._kept.setdefault(owner, OrderedDict())
        self._kept.move_to_end(owner)
        kept[key] = None
        kept.move_to_end(key)
        for old in list(kept) if len(kept) > MOST_KEPT else ():
            self._end_idle(endpoint, old, kept, attached)
            if len(kept) <= MOST_KEPT:
                break
        if len(self._kept) > MOST_OWNERS:
            self._kept.popitem(last=False)

    def _end_idle(
        self, endpoint: Endpoint, key: Hashable, kept: OrderedDict[Hashable, None], attached: Attached
    ) -> None:
        session = self._sessions.ready(key)
        if key in self._taken or (session is not None and self._is_busy(session)):
            return
        del kept[key]
        if session is not None:
            self._sessions.forget(key, session)
            self._end(endpoint, session, attached)


def _keys(alone: Alone) -> Iterator[Hashable]:
    roots = hashlib.sha256(alone.roots).digest() if alone.roots else b""
    return ((alone.base, roots, number) for number in count())


def _place(endpoint: Endpoint) -> Place:
    return endpoint.connector_id.int, endpoint.url


def _owner(endpoint: Endpoint, caller: Caller) -> Hashable:
    return (*_place(endpoint), caller.alone)
