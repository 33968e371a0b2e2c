"""HTTP+SSE, the transport of 2024-11-05: one event stream brings the address for requests, and all answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from connectors.errors import (
    UpstreamBroken,
    UpstreamError,
    UpstreamRefusedCredential,
    UpstreamTimeout,
    before_the_request,
)
from connectors.transports.base import Caller, Discovery, Endpoint, OnNotification
from connectors.transports.native import eras
from connectors.transports.native.answers import result_of
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.envelope import notification, request
from connectors.transports.native.http_sse_stream import AwaitedAnswer, HttpSseStream
from connectors.transports.native.lost_session import Loss, is_same_refusal, loss_in, lost_at_once
from connectors.transports.native.outgoing import Attached, Outgoing, ServerReply, SessionRequest
from connectors.transports.native.server_questions import ServerQuestions
from connectors.transports.native.session_loans import Loan, SessionLoans, is_alone
from connectors.transports.native.session_pool import SessionPool
from connectors.transports.native.session_stream import SIDE_SECONDS
from connectors.transports.native.wire import Wire
from harriet.lib.mcp.methods import INITIALIZE, LOGGING_SET_LEVEL, PING, RESOURCES_SUBSCRIBE
from harriet.lib.mcp.notifications import CANCELLED, INITIALIZED
from harriet.lib.mcp.versions import SSE, SSE_ONLY

log = logging.getLogger(__name__)

MOST_STREAMS = 1000
"""Open event streams: each is a connection."""
_POST_SECONDS = 20.0
"""For sending a request; its answer, which comes on the stream, has the rest of the time."""


class HttpSse:
    """A stream is kept per connector and caller, and closed when it has been idle for a while."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._streams: SessionPool[HttpSseStream] = SessionPool(MOST_STREAMS, on_leave=HttpSseStream.close)
        self._loans: SessionLoans[HttpSseStream] = SessionLoans(
            self._streams, is_busy=lambda stream: stream.is_busy, end=lambda endpoint, stream, attached: stream.close()
        )

    async def close(self) -> None:
        streams = await self._streams.close()
        for stream in streams:
            stream.close()
        await asyncio.gather(*(stream.ended for stream in streams), return_exceptions=True)

    async def try_to_discover(self, endpoint: Endpoint, attached: Attached, countdown: Countdown) -> Discovery | None:
        """None when the server doesn't speak this transport either. Raises UpstreamRefusedCredential."""
        try:
            async with self._opened(endpoint, attached, Caller(), countdown) as stream:
                return stream.discovery
        except UpstreamRefusedCredential:
            raise
        except UpstreamError as problem:
            log.info("Not a server of the old transport: %s", problem)
            return None

    def ask(self, request: SessionRequest) -> Awaitable[ServerReply]:
        """Opens the stream when there is none; once again when the server has lost it."""
        return self._loans.lend(request, self._ask) if is_alone(request) else self._ask(request)

    async def _ask(self, request: SessionRequest, loan: Loan | None = None) -> ServerReply:
        endpoint, caller, countdown = request.endpoint, request.caller, request.countdown
        key: Hashable = (endpoint.connector_id, endpoint.url, caller) if loan is None else loan.key
        for is_last in (False, True):
            with before_the_request():
                stream = await self._kept(key, endpoint, request.attached, caller, countdown)
                within = request.attached.within(eras.BASE_HEADERS, stream.cookies)
                if request.log_level and stream.log_level != request.log_level:
                    await self._set_level(stream, within, request.log_level, countdown)
            reply = await self._ask_on(stream, within, request)
            if not await self._is_lost(stream, within, reply, request.id, countdown):
                return reply
            self._streams.forget(key, stream)
            stream.close()
            if is_last:
                raise lost_at_once(reply)
        raise AssertionError("the second attempt returns")

    async def _ask_on(self, stream: HttpSseStream, within: Attached, request: SessionRequest) -> ServerReply:
        answer = partial(self._tell, stream, within)
        questions = ServerQuestions(answer, request.on_question, request.caller.capabilities, request.countdown)
        awaited = AwaitedAnswer(request.id, questions, request.on_notification)
        try:
            return await self._post(stream, within, awaited, request.body, request.countdown)
        except (asyncio.CancelledError, UpstreamTimeout):
            params = b'{"requestId":%b,"reason":"The caller is gone."}' % request.id
            stream.in_background(self._tell(stream, within, notification(CANCELLED, params)))
            raise

    async def _is_lost(
        self, stream: HttpSseStream, within: Attached, reply: ServerReply, request_id: bytes, countdown: Countdown
    ) -> bool:
        """Whether the server didn't work on the request because it doesn't know whose stream it is about."""
        loss = loss_in(reply, request_id)
        if loss is not Loss.OPEN:
            return loss is Loss.PLAIN
        try:
            ping = await self._ask_in(stream, within, PING, {}, countdown.within(SIDE_SECONDS))
            return is_same_refusal(reply, ping)
        except UpstreamError:
            return False

    @asynccontextmanager
    async def own_session(
        self, endpoint: Endpoint, attached: Attached, caller: Caller, countdown: Countdown
    ) -> AsyncIterator[Callable[[str, dict[str, Any]], Awaitable[ServerReply]]]:
        async with self._opened(endpoint, attached, caller, countdown) as stream:
            within = attached.within(eras.BASE_HEADERS, stream.cookies)
            yield lambda method, params: self._ask_in(stream, within, method, params, countdown)

    async def watch(
        self,
        endpoint: Endpoint,
        attached: Attached,
        uris: frozenset[str],
        on_notification: OnNotification,
        on_open: Callable[[], None],
    ) -> None:
        """Until the stream ends."""
        countdown = Countdown(_POST_SECONDS)
        async with self._opened(endpoint, attached, Caller(), countdown) as stream:
            within = attached.within(eras.BASE_HEADERS, stream.cookies)
            nobody = ServerQuestions(partial(self._tell, stream, within), None, b"{}", countdown)
            stream.add(AwaitedAnswer(b"", nobody, on_notification, is_lasting=True))
            for uri in sorted(uris):
                await self._ask_in(stream, within, RESOURCES_SUBSCRIBE, {"uri": uri}, countdown)
            on_open()
            await asyncio.shield(stream.ended)

    async def _kept(
        self, key: Hashable, endpoint: Endpoint, attached: Attached, caller: Caller, countdown: Countdown
    ) -> HttpSseStream:
        stream = await self._streams.get(key, lambda: self._open(endpoint, attached, caller, countdown))
        if stream.is_usable:
            return stream
        self._streams.forget(key, stream)
        return await self._streams.get(key, lambda: self._open(endpoint, attached, caller, countdown))

    @asynccontextmanager
    async def _opened(
        self, endpoint: Endpoint, attached: Attached, caller: Caller, countdown: Countdown
    ) -> AsyncIterator[HttpSseStream]:
        stream = await self._open(endpoint, attached, caller, countdown)
        try:
            yield stream
        finally:
            stream.close()

    async def _open(
        self, endpoint: Endpoint, attached: Attached, caller: Caller, countdown: Countdown
    ) -> HttpSseStream:
        """Opens the stream, waits for the address, and shakes hands. Raises UpstreamError."""
        stream = HttpSseStream(self._wire, endpoint, attached)
        within = attached.within(eras.BASE_HEADERS, stream.cookies)
        try:
            await stream.wait_for_address(countdown)
            hello = eras.initialize(caller.capabilities, SSE_ONLY)
            reply = await self._ask_in(stream, within, INITIALIZE, hello, countdown)
            stream.discovery = replace(eras.read_initialized(result_of(reply, INITIALIZE)), era=SSE)
            await self._tell(stream, within, notification(INITIALIZED))
        except BaseException:
            stream.close()
            raise
        return stream

    async def _set_level(self, stream: HttpSseStream, within: Attached, level: str, countdown: Countdown) -> None:
        stream.log_level = level
        if stream.discovery is not None and "logging" in stream.discovery.capabilities:
            with suppress(UpstreamBroken):
                await self._ask_in(stream, within, LOGGING_SET_LEVEL, {"level": level}, countdown)

    async def _ask_in(
        self, stream: HttpSseStream, within: Attached, method: str, params: dict[str, Any], countdown: Countdown
    ) -> ServerReply:
        request_id = self._wire.new_id()
        nobody = ServerQuestions(partial(self._tell, stream, within), None, b"{}", countdown)
        body = request(request_id, method, params)
        return await self._post(stream, within, AwaitedAnswer(request_id, nobody), body, countdown)

    async def _post(
        self, stream: HttpSseStream, within: Attached, awaited: AwaitedAnswer, body: bytes, countdown: Countdown
    ) -> ServerReply:
        """The answer comes on the stream, sometimes before the POST has been answered; then it counts, whatever the
        POST's own answer says."""
        stream.add(awaited)
        try:
            sent = Outgoing(awaited.id, body, within)
            refusal = await self._wire.post(stream.address, sent, min(countdown.left(), _POST_SECONDS))
            if refusal is not None and not awaited.answer.done():
                return refusal
            return ServerReply(200, await awaited.landed(countdown))
        except UpstreamTimeout as problem:
            problem.add(stream.unread.sentence())
            raise
        finally:
            stream.remove(awaited)
            await awaited.questions.close()

    async def _tell(self, stream: HttpSseStream, within: Attached, body: bytes) -> None:
        await self._wire.tell(stream.address, Outgoing(b"", body, within), SIDE_SECONDS)
