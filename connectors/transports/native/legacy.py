"""The legacy era (2025-03-26 to 2025-11-25, and 2024-11-05 where it is served so): initialize, sessions that are
kept, cancellation by a message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from connectors.errors import UpstreamBroken, UpstreamDown, UpstreamError, UpstreamTimeout, before_the_request
from connectors.transports.base import Caller, Discovery, Endpoint
from connectors.transports.native import eras
from connectors.transports.native.answers import result_of
from connectors.transports.native.cookies import Cookies
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.envelope import Message, notification, request
from connectors.transports.native.in_flight import InFlight
from connectors.transports.native.lost_session import Loss, is_refusal, is_same_refusal, loss_in, lost_at_once
from connectors.transports.native.outgoing import Attached, Outgoing, ServerReply, SessionRequest
from connectors.transports.native.server_questions import ServerQuestions
from connectors.transports.native.session_loans import Loan, SessionLoans, is_alone
from connectors.transports.native.session_pool import SessionPool
from connectors.transports.native.session_stream import SIDE_SECONDS, keep_own_stream
from connectors.transports.native.sessions import Session
from connectors.transports.native.wire import Wire
from harriet.lib.mcp.methods import INITIALIZE, LOGGING_SET_LEVEL, PING
from harriet.lib.mcp.notifications import CANCELLED, INITIALIZED, ROOTS_LIST_CHANGED
from harriet.lib.mcp.versions import MAY_SEND_BATCHES

log = logging.getLogger(__name__)

_FAREWELLS_AT_ONCE = 200
"""Last messages under way; beyond, sessions are left without one, and end when the server tires."""


class LegacyEra:
    """Sessions are kept per connector, and per caller where the server can tell callers apart."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._sessions: SessionPool[Session] = SessionPool(on_leave=self._leave)
        self._loans: SessionLoans[Session] = SessionLoans(
            self._sessions, is_busy=lambda session: bool(session.in_flight), end=self.end_later
        )
        self._farewells: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for session in await self._sessions.close():
            self._leave(session)
        if self._farewells:
            await asyncio.wait(self._farewells, timeout=SIDE_SECONDS)

    def ask(self, request: SessionRequest) -> Awaitable[ServerReply]:
        """Opens the session when there is none; once again when the server has lost it, and so never began."""
        return self._loans.lend(request, self._ask) if is_alone(request) else self._ask(request)

    async def _ask(self, request: SessionRequest, loan: Loan | None = None) -> ServerReply:
        endpoint, countdown = request.endpoint, request.countdown
        for is_last in (False, True):
            session, key = await self._session(request, loan)
            within = request.attached.within(session.headers, session.cookies)
            if session.log_level != request.log_level or session.roots_version != request.caller.roots_version:
                await self._tell_first(request, within, session)
            reply = await self._ask_in_session(request, within, key, session)
            if not is_refusal(reply) or not await self._is_lost(
                endpoint, within, key, session, reply, request.id, countdown
            ):
                return reply
            if is_last:
                raise lost_at_once(reply)
        raise AssertionError("the second attempt returns")

    async def _ask_in_session(
        self, request: SessionRequest, within: Attached, key: Hashable, session: Session
    ) -> ServerReply:
        endpoint = request.endpoint
        answer = partial(self._answer_in, endpoint, within, key, session)
        questions = ServerQuestions(answer, request.on_question, request.caller.capabilities, request.countdown)
        outgoing = Outgoing(
            request.id,
            request.body,
            within,
            request.on_notification,
            questions,
            can_resume=True,
            on_stream=request.on_stream,
            takes_batches=session.version in MAY_SEND_BATCHES,
        )
        try:
            session.in_flight[request.id] = InFlight(questions, request.on_notification)
            if request.caller.is_interactive and session.id and session.has_stream:
                await keep_own_stream(self._wire, endpoint, within, session)
            return await self._wire.ask(endpoint, outgoing, request.countdown)
        except (asyncio.CancelledError, UpstreamTimeout):
            self._say_later(self._cancel(endpoint, request.id, within))
            raise
        finally:
            _landed(session, request.id)

    async def _is_lost(
        self,
        endpoint: Endpoint,
        within: Attached,
        key: Hashable,
        session: Session,
        reply: ServerReply,
        request_id: bytes,
        countdown: Countdown,
    ) -> bool:
        """Whether the server didn't work on the request because it has lost the session. After any 404 the next
        request gets a new one, as the specification demands."""
        loss = loss_in(reply, request_id) if session.id or session.cookies else Loss.NONE
        if loss is Loss.NONE:
            return False
        is_plain = loss is Loss.PLAIN and session.id != ""
        is_lost = is_plain or await self._refuses_a_ping(endpoint, within, reply, countdown)
        if is_lost or reply.status == 404:
            self._sessions.forget(key, session)
        return is_lost

    async def _refuses_a_ping(
        self, endpoint: Endpoint, within: Attached, reply: ServerReply, countdown: Countdown
    ) -> bool:
        try:
            ping = await self.ask_in(endpoint, within, PING, {}, countdown.within(SIDE_SECONDS))
            return is_same_refusal(reply, ping)
        except UpstreamError:
            return False

    async def _session(self, request: SessionRequest, loan: Loan | None) -> tuple[Session, Hashable]:
        """The session to ask in, and its key in the pool. A server that hands out neither session ids nor cookies can't
        tell callers apart, so they share what was said at the start."""
        endpoint, attached, caller = request.endpoint, request.attached, request.caller
        shared = (endpoint.connector_id.int, endpoint.url, caller.capabilities)
        session = self._sessions.ready(shared)
        if session is not None:
            return session, shared
        own: Hashable = (*shared, caller.session_key) if loan is None else loan.key
        session = self._sessions.ready(own)
        if session is not None:
            return session, own
        with before_the_request():
            session = await self._sessions.get(own, lambda: self._open(endpoint, attached, caller, request.countdown))
        session.roots_version = caller.roots_version
        if not session.id and not session.cookies:
            self._sessions.forget(own, session)
            self._sessions.keep(shared, session)
            return session, shared
        if caller.sessionless_id is not None and loan is None:
            self._loans.opened(endpoint, caller, own, attached)
        return session, own

    async def _tell_first(self, request: SessionRequest, within: Attached, session: Session) -> None:
        """What the server is to know of its client before the request."""
        level, roots_version = request.log_level, request.caller.roots_version
        if level and session.id and session.log_level != level and "logging" in session.capabilities:
            with before_the_request():
                await self._set_level(request.endpoint, within, session, level, request.countdown)
        if roots_version != session.roots_version:
            await self._tell_roots(request.endpoint, within, session, roots_version)

    async def _tell_roots(self, endpoint: Endpoint, within: Attached, session: Session, version: int) -> None:
        """The server may ask for them anew, in this request or another."""
        session.roots_version = version
        said = Outgoing(b"", notification(ROOTS_LIST_CHANGED), within)
        with suppress(UpstreamError):
            await self._wire.tell(endpoint, said, SIDE_SECONDS)

    async def _set_level(
        self, endpoint: Endpoint, within: Attached, session: Session, level: str, countdown: Countdown
    ) -> None:
        """The level may not be to the server's liking; the request is made all the same."""
        session.log_level = level
        request_id = self._wire.new_id()
        body = request(request_id, LOGGING_SET_LEVEL, {"level": level})
        with suppress(UpstreamBroken):
            await self._wire.ask(endpoint, Outgoing(request_id, body, within), countdown)

    async def discover(self, endpoint: Endpoint, attached: Attached, countdown: Countdown) -> Discovery:
        session, discovery = await self.initialize(endpoint, attached, Caller(), countdown)
        await self.end(endpoint, session, attached)
        return discovery

    @asynccontextmanager
    async def own_session(
        self, endpoint: Endpoint, attached: Attached, caller: Caller, countdown: Countdown
    ) -> AsyncIterator[Callable[[str, dict[str, Any]], Awaitable[ServerReply]]]:
        """A session for a few requests, ended afterwards; gives the function that asks in it."""
        session, _ = await self.initialize(endpoint, attached, caller, countdown)
        within = attached.within(session.headers, session.cookies)
        try:
            yield lambda method, params: self.ask_in(endpoint, within, method, params, countdown)
        finally:
            await self.end(endpoint, session, attached)

    async def ask_in(
        self, endpoint: Endpoint, within: Attached, method: str, params: dict[str, Any], countdown: Countdown
    ) -> ServerReply:
        """One request in a session, in which nobody can be asked anything."""
        request_id = self._wire.new_id()
        nobody = ServerQuestions(partial(self._answer, endpoint, within), None, b"{}", countdown)
        outgoing = Outgoing(request_id, request(request_id, method, params), within, None, nobody, can_resume=True)
        return await self._wire.ask(endpoint, outgoing, countdown)

    async def initialize(
        self, endpoint: Endpoint, attached: Attached, caller: Caller, countdown: Countdown
    ) -> tuple[Session, Discovery]:
        """The new session, and what the server said of itself. Raises UpstreamError."""
        request_id = self._wire.new_id()
        body = request(request_id, INITIALIZE, eras.initialize(caller.capabilities))
        cookies = Cookies(endpoint.url)
        outgoing = Outgoing(request_id, body, attached.within(eras.BASE_HEADERS, cookies))
        reply = await self._wire.ask(endpoint, outgoing, countdown)
        discovery = eras.read_initialized(result_of(reply, INITIALIZE))
        session = eras.new_session(discovery, reply.session_id)
        session.open_at = endpoint if attached.is_empty else None
        session.cookies = cookies if session.id or cookies else None
        within = attached.within(session.headers, session.cookies)
        ready = Outgoing(b"", notification(INITIALIZED), within)
        if await self._wire.tell(endpoint, ready, countdown.left()) >= 500:
            raise UpstreamDown("The server stopped working while a session was opened. Try again later.")
        return session, discovery

    async def end(self, endpoint: Endpoint, session: Session, attached: Attached) -> None:
        """The server may not know the session any more, or not want to hear of its end."""
        if not session.id:
            return
        try:
            bye = Outgoing(b"", b"", attached.within(session.headers, session.cookies))
            await self._wire.tell(endpoint, bye, SIDE_SECONDS, "DELETE")
        except UpstreamError as error:
            log.info("A session wasn't ended: %s", error)

    def end_later(self, endpoint: Endpoint, session: Session, attached: Attached) -> None:
        self._say_later(self.end(endpoint, session, attached))

    async def refuse(self, endpoint: Endpoint, within: Attached, question: Message) -> None:
        """Answers what the server asks while nobody is there to be asked."""
        await ServerQuestions(partial(self._answer, endpoint, within), None, b"{}", Countdown(SIDE_SECONDS)).take(
            question
        )

    async def _open(self, endpoint: Endpoint, attached: Attached, caller: Caller, countdown: Countdown) -> Session:
        session, _ = await self.initialize(endpoint, attached, caller, countdown)
        return session

    async def _answer(self, endpoint: Endpoint, within: Attached, response: bytes) -> None:
        """Answers what the server asked."""
        await self._wire.tell(endpoint, Outgoing(b"", response, within), SIDE_SECONDS)

    async def _answer_in(
        self, endpoint: Endpoint, within: Attached, key: Hashable, session: Session, response: bytes
    ) -> None:
        """A server that doesn't know the session at which it asks won't get another request in it."""
        if await self._wire.tell(endpoint, Outgoing(b"", response, within), SIDE_SECONDS) == 404 and session.id:
            self._sessions.forget(key, session)
            log.info("Connector %s has lost the session in which it asked something.", endpoint.connector_id)

    async def _cancel(self, endpoint: Endpoint, request_id: bytes, within: Attached) -> None:
        params = b'{"requestId":%b,"reason":"The caller is gone."}' % request_id
        outgoing = Outgoing(b"", notification(CANCELLED, params), within)
        await self._wire.tell(endpoint, outgoing, SIDE_SECONDS)

    def _leave(self, session: Session) -> None:
        """Ends a session that nobody uses any more, where that takes no secret; others end when the server tires."""
        if session.own_stream is not None:
            session.own_stream.task.cancel()
        if session.open_at is not None and len(self._farewells) < _FAREWELLS_AT_ONCE:
            self._say_later(self.end(session.open_at, session, Attached({}, None)))

    def _say_later(self, message: Awaitable[None]) -> None:
        async def say() -> None:
            try:
                await message
            except UpstreamError as error:
                log.info("A last message didn't arrive: %s", error)

        task = asyncio.ensure_future(say())
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)


def _landed(session: Session, request_id: bytes) -> None:
    del session.in_flight[request_id]
    if session.own_stream is not None and not session.in_flight:
        session.own_stream.task.cancel()
        session.own_stream = None
