"""Requests of clients without sessions (2026-07-28) at servers with some: what one says is not remembered for another.

Each has a session to itself while it runs. A server that asked for roots may remember them, so that session is used
again only for requests whose client gives the same roots: from then on a client is asked for them before the session
is chosen. Otherwise sessions are used again by requests that declare the same, one after the other.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Generic

from connectors.errors import before_the_request
from connectors.transports.base import Caller, Endpoint, OnQuestion
from connectors.transports.native.outgoing import Attached, ServerReply, SessionRequest
from connectors.transports.native.session_pool import S, SessionPool
from harriet.lib.mcp.methods import ROOTS_LIST

MOST_KEPT = 32
"""Sessions of one caller with one server that wait for their next request; those used longest ago are ended."""
MOST_OWNERS = 20_000
"""Callers whose waiting sessions are known; those of the one that called longest ago are left to the pool."""

Place = tuple[int, str]
"""A connector's id, and its address."""


@dataclass(slots=True)
class Loan:
    """One request, and the session that is its alone while it runs."""

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


class SessionLoans(Generic[S]):
    """Hands out the sessions under one caller's declarations, each to one request at a time."""

    def __init__(
        self,
        sessions: SessionPool[S],
        *,
        is_busy: Callable[[S], bool],
        end: Callable[[Endpoint, S, Attached], None],
    ) -> None:
        self._sessions, self._is_busy, self._end = sessions, is_busy, end
        self._taken: set[Hashable] = set()
        self._kept: OrderedDict[Hashable, OrderedDict[Hashable, None]] = OrderedDict()
        self._asking_for_roots: set[Place] = set()

    async def lend(
        self, request: SessionRequest, ask: Callable[[SessionRequest, Loan], Awaitable[ServerReply]]
    ) -> ServerReply:
        """Asks in a session that is the request's alone for so long. Of a request whose client can be asked."""
        assert request.on_question is not None
        with before_the_request():
            loan = await self._take(request, request.on_question)
        try:
            return await ask(replace(request, on_question=loan.ask), loan)
        finally:
            self._give_back(loan, request.attached)

    async def _take(self, request: SessionRequest, on_question: OnQuestion) -> Loan:
        """To be given back. Asks the client for its roots first, where the server is known to want them."""
        endpoint, caller = request.endpoint, request.caller
        base = (endpoint.connector_id, endpoint.url, caller.capabilities, caller.session_key)
        loan = Loan(endpoint, _owner(endpoint, caller), base, on_question)
        if _place(endpoint) in self._asking_for_roots and b'"roots"' in caller.capabilities:
            loan.has_roots = True
            with request.countdown.stopped():
                await loan.ask(ROOTS_LIST, b"{}")
        loan.key = self._free(loan)
        self._taken.add(loan.key)
        return loan

    def _give_back(self, loan: Loan, attached: Attached) -> None:
        self._taken.discard(loan.key)
        has_learned = bool(loan.roots) and not loan.has_roots
        if has_learned:
            self._asking_for_roots.add(_place(loan.endpoint))
        session = self._sessions.ready(loan.key)
        if session is None:
            return
        if has_learned:
            self._move(loan, session)
        self._keep(loan.endpoint, loan.owner, loan.key, attached)

    def opened(self, endpoint: Endpoint, caller: Caller, key: Hashable, attached: Attached) -> None:
        """A session that several requests of such a client may use at once, because none of them can be asked."""
        self._keep(endpoint, _owner(endpoint, caller), key, attached)

    def _free(self, loan: Loan) -> Hashable:
        """The first key that nobody uses. Keys of the same beginning mean sessions that are alike."""
        return next(key for key in _keys(loan) if key not in self._taken)

    def _move(self, loan: Loan, session: S) -> None:
        """The server has learned of roots in it: it is for those alone."""
        self._sessions.forget(loan.key, session)
        if loan.owner in self._kept:
            self._kept[loan.owner].pop(loan.key, None)
        free = (key for key in _keys(loan) if key not in self._taken and self._sessions.ready(key) is None)
        loan.key = next(free)
        self._sessions.keep(loan.key, session)

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


def is_alone(request: SessionRequest) -> bool:
    """Whether what the server learns in the request may not be remembered for another one."""
    return request.caller.sessionless_id is not None and request.on_question is not None


def _keys(loan: Loan) -> Iterator[Hashable]:
    roots = hashlib.sha256(loan.roots).digest() if loan.roots else b""
    return ((loan.base, roots, number) for number in count())


def _place(endpoint: Endpoint) -> Place:
    return endpoint.connector_id.int, endpoint.url


def _owner(endpoint: Endpoint, caller: Caller) -> Hashable:
    return (*_place(endpoint), caller.sessionless_id)
