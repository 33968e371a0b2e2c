"""The legacy era (2024-11-05 to 2025-11-25): initialize, sessions that are kept, cancellation by a message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any

from ..errors import UpstreamDown, UpstreamError, UpstreamTimeout
from . import eras
from .answers import result_of
from .base import Discovery, Endpoint, OnNotification
from .clock import Clock
from .envelope import Message, notification, request
from .sessions import Session, Sessions
from .wire import Attached, Outgoing, Reply, Wire

logger = logging.getLogger(__name__)

_FAREWELL_SECONDS = 3.0
"""For what is said after the caller has gone: a cancellation, the end of a session."""


class LegacyEra:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._sessions = Sessions()
        self._farewells: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        await self._sessions.close()
        if self._farewells:
            await asyncio.wait(self._farewells, timeout=_FAREWELL_SECONDS)

    async def ask(
        self,
        endpoint: Endpoint,
        attached: Attached,
        key: Hashable,
        request_id: bytes,
        body: bytes,
        clock: Clock,
        on_notification: OnNotification | None,
    ) -> Reply:
        """Opens the session when there is none; once again when the server has lost it."""
        for is_last in (False, True):
            session = await self._sessions.get(key, lambda: self._open(endpoint, attached, clock.left()))
            within = attached.within(session.headers)
            outgoing = Outgoing(request_id, body, within, on_notification, self._answering(endpoint, within))
            try:
                reply = await self._wire.ask(endpoint, outgoing, clock.left())
            except (asyncio.CancelledError, UpstreamTimeout):
                self._say_later(self._cancel(endpoint, request_id, within))
                raise
            if is_last or not _is_lost(session, reply, request_id):
                return reply
            self._sessions.forget(key, session)
        raise AssertionError("the second attempt returns")

    async def discover(self, endpoint: Endpoint, attached: Attached, clock: Clock) -> Discovery:
        session, discovery = await self._initialize(endpoint, attached, clock.left())
        await self._end(endpoint, session, attached)
        return discovery

    @asynccontextmanager
    async def own_session(
        self, endpoint: Endpoint, attached: Attached, clock: Clock
    ) -> AsyncIterator[Callable[[str, dict[str, Any]], Awaitable[Reply]]]:
        """A session for a few requests, ended afterwards; gives the function that asks in it."""

        async def ask(method: str, params: dict[str, Any]) -> Reply:
            request_id = self._wire.new_id()
            outgoing = Outgoing(request_id, request(request_id, method, params), attached.within(session.headers))
            return await self._wire.ask(endpoint, outgoing, clock.left())

        session, _ = await self._initialize(endpoint, attached, clock.left())
        try:
            yield ask
        finally:
            await self._end(endpoint, session, attached)

    async def _open(self, endpoint: Endpoint, attached: Attached, seconds: float) -> Session:
        return (await self._initialize(endpoint, attached, seconds))[0]

    async def _initialize(self, endpoint: Endpoint, attached: Attached, seconds: float) -> tuple[Session, Discovery]:
        clock = Clock(seconds)
        request_id = self._wire.new_id()
        body = request(request_id, "initialize", eras.INITIALIZE)
        outgoing = Outgoing(request_id, body, attached.within(eras.BASE_HEADERS))
        reply = await self._wire.ask(endpoint, outgoing, clock.left())
        discovery = eras.read_initialized(result_of(reply, "initialize"))
        session = eras.new_session(discovery.protocol_version, reply.session_id)
        ready = Outgoing(b"", notification("notifications/initialized"), attached.within(session.headers))
        if await self._wire.tell(endpoint, ready, clock.left()) >= 500:
            raise UpstreamDown("The server stopped working while a session was opened. Try again later.")
        return session, discovery

    async def _end(self, endpoint: Endpoint, session: Session, attached: Attached) -> None:
        if not session.id:
            return
        try:
            bye = Outgoing(b"", b"", attached.within(session.headers))
            await self._wire.tell(endpoint, bye, _FAREWELL_SECONDS, "DELETE")
        except UpstreamError as error:
            logger.info("A session wasn't ended: %s", error)

    async def _cancel(self, endpoint: Endpoint, request_id: bytes, within: Attached) -> None:
        params = b'{"requestId":%b,"reason":"The caller is gone."}' % request_id
        outgoing = Outgoing(b"", notification("notifications/cancelled", params), within)
        await self._wire.tell(endpoint, outgoing, _FAREWELL_SECONDS)

    def _say_later(self, message: Awaitable[None]) -> None:
        async def say() -> None:
            try:
                await message
            except UpstreamError as error:
                logger.info("A last message didn't arrive: %s", error)

        task = asyncio.ensure_future(say())
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    def _answering(self, endpoint: Endpoint, within: Attached) -> Callable[[Message], Awaitable[None]]:
        """Answers what the server asks: we declared no capabilities, so only `ping` has another answer than no."""

        async def answer(question: Message) -> None:
            body = eras.PONG if question.method == "ping" else eras.NOT_SUPPORTED
            await self._wire.tell(endpoint, Outgoing(b"", body % bytes(question.id), within), _FAREWELL_SECONDS)

        return answer


def _is_lost(session: Session, reply: Reply, request_id: bytes) -> bool:
    """The server doesn't know the session: by 404, or as many do, by a 400 that names no request."""
    if not session.id or reply.status not in {400, 404}:
        return False
    return reply.message is None or bytes(reply.message.id) != request_id
