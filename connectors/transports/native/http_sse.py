"""The transport of 2024-11-05 (HTTP+SSE): one event stream brings the address for requests, and all answers."""

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
from connectors.transports.base import Caller, Discovery, Endpoint, OnNotification, OnQuestion
from connectors.transports.native import eras
from connectors.transports.native.answers import result_of
from connectors.transports.native.deadline import Clock
from connectors.transports.native.envelope import notification, request
from connectors.transports.native.http_sse_stream import Flight, OldStream
from connectors.transports.native.lost_session import Loss, forgetful, is_same_refusal, loss_in
from connectors.transports.native.outgoing import Attached, Outgoing, Reply
from connectors.transports.native.server_questions import Asked
from connectors.transports.native.session_loans import Places
from connectors.transports.native.session_stream import SIDE_SECONDS
from connectors.transports.native.sessions import Sessions
from connectors.transports.native.wire import Wire
from harriet.lib.mcp.methods import INITIALIZE, LOGGING_SET_LEVEL, PING, RESOURCES_SUBSCRIBE
from harriet.lib.mcp.notifications import CANCELLED, INITIALIZED
from harriet.lib.mcp.versions import SSE, SSE_ONLY

logger = logging.getLogger(__name__)

LIMIT = 1000
"""Open event streams: each is a connection."""
_POST_SECONDS = 20.0


class OldTransport:
    """A stream is kept per connector and caller, and closed when it has been idle for a while."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._streams: Sessions[OldStream] = Sessions(LIMIT, on_leave=OldStream.close)
        self._places: Places[OldStream] = Places(
            self._streams, is_busy=lambda stream: stream.is_busy, end=lambda endpoint, stream, attached: stream.close()
        )

    async def close(self) -> None:
        streams = await self._streams.close()
        for stream in streams:
            stream.close()
        await asyncio.gather(*(stream.ended for stream in streams), return_exceptions=True)

    async def try_to_discover(self, endpoint: Endpoint, attached: Attached, clock: Clock) -> Discovery | None:
        """None when the server doesn't speak this transport either. Raises UpstreamRefusedCredential."""
        try:
            async with self._opened(endpoint, attached, Caller(), clock) as stream:
                return stream.discovery
        except UpstreamRefusedCredential:
            raise
        except UpstreamError as problem:
            logger.info("Not a server of the old transport: %s", problem)
            return None

    async def ask(
        self,
        endpoint: Endpoint,
        attached: Attached,
        caller: Caller,
        request_id: bytes,
        body: bytes,
        clock: Clock,
        on_notification: OnNotification | None,
        on_question: OnQuestion | None,
        log_level: str = "",
    ) -> Reply:
        """Opens the stream when there is none; once again when the server has lost it."""
        if caller.alone is None or on_question is None:
            key = (endpoint.connector_id, endpoint.url, caller)
            return await self._ask(
                key, endpoint, attached, caller, request_id, body, clock, on_notification, on_question, log_level
            )
        alone = await self._places.take(endpoint, caller, on_question, clock)
        try:
            return await self._ask(
                alone.key, endpoint, attached, caller, request_id, body, clock, on_notification, alone.ask, log_level
            )
        finally:
            self._places.give_back(alone, attached)

    async def _ask(
        self,
        key: Hashable,
        endpoint: Endpoint,
        attached: Attached,
        caller: Caller,
        request_id: bytes,
        body: bytes,
        clock: Clock,
        on_notification: OnNotification | None,
        on_question: OnQuestion | None,
        log_level: str,
    ) -> Reply:
        for is_last in (False, True):
            with before_the_request():
                stream = await self._kept(key, endpoint, attached, caller, clock)
                within = attached.within(eras.BASE_HEADERS, stream.cookies)
                if log_level and stream.log_level != log_level:
                    await self._set_level(stream, within, log_level, clock)
            asked = Asked(partial(self._tell, stream, within), on_question, caller.capabilities, clock)
            try:
                reply = await self._asked(stream, within, Flight(request_id, asked, on_notification), body, clock)
            except (asyncio.CancelledError, UpstreamTimeout):
                params = b'{"requestId":%b,"reason":"The caller is gone."}' % request_id
                stream.in_background(self._tell(stream, within, notification(CANCELLED, params)))
                raise
            if not await self._is_lost(stream, within, reply, request_id, clock):
                return reply
            self._streams.forget(key, stream)
            stream.close()
            if is_last:
                raise forgetful(reply)
        raise AssertionError("the second attempt returns")

    async def _is_lost(
        self, stream: OldStream, within: Attached, reply: Reply, request_id: bytes, clock: Clock
    ) -> bool:
        """Whether the server didn't work on the request because it doesn't know whose stream it is about."""
        loss = loss_in(reply, request_id)
        if loss is not Loss.OPEN:
            return loss is Loss.PLAIN
        try:
            ping = await self._ask_in(stream, within, PING, {}, clock.within(SIDE_SECONDS))
            return is_same_refusal(reply, ping)
        except UpstreamError:
            return False

    @asynccontextmanager
    async def own_session(
        self, endpoint: Endpoint, attached: Attached, caller: Caller, clock: Clock
    ) -> AsyncIterator[Callable[[str, dict[str, Any]], Awaitable[Reply]]]:
        async with self._opened(endpoint, attached, caller, clock) as stream:
            within = attached.within(eras.BASE_HEADERS, stream.cookies)
            yield lambda method, params: self._ask_in(stream, within, method, params, clock)

    async def watch(
        self,
        endpoint: Endpoint,
        attached: Attached,
        uris: frozenset[str],
        on_notification: OnNotification,
        on_open: Callable[[], None],
    ) -> None:
        """Until the stream ends."""
        clock = Clock(_POST_SECONDS)
        async with self._opened(endpoint, attached, Caller(), clock) as stream:
            within = attached.within(eras.BASE_HEADERS, stream.cookies)
            nobody = Asked(partial(self._tell, stream, within), None, b"{}", clock)
            stream.add(Flight(b"", nobody, on_notification, is_lasting=True))
            for uri in sorted(uris):
                await self._ask_in(stream, within, RESOURCES_SUBSCRIBE, {"uri": uri}, clock)
            on_open()
            await asyncio.shield(stream.ended)

    async def _kept(
        self, key: Hashable, endpoint: Endpoint, attached: Attached, caller: Caller, clock: Clock
    ) -> OldStream:
        stream = await self._streams.get(key, lambda: self._open(endpoint, attached, caller, clock))
        if stream.is_usable:
            return stream
        self._streams.forget(key, stream)
        return await self._streams.get(key, lambda: self._open(endpoint, attached, caller, clock))

    @asynccontextmanager
    async def _opened(
        self, endpoint: Endpoint, attached: Attached, caller: Caller, clock: Clock
    ) -> AsyncIterator[OldStream]:
        stream = await self._open(endpoint, attached, caller, clock)
        try:
            yield stream
        finally:
            stream.close()

    async def _open(self, endpoint: Endpoint, attached: Attached, caller: Caller, clock: Clock) -> OldStream:
        """Opens the stream, waits for the address, and shakes hands. Raises UpstreamError."""
        stream = OldStream(self._wire, endpoint, attached)
        within = attached.within(eras.BASE_HEADERS, stream.cookies)
        try:
            await stream.wait_for_address(clock)
            hello = eras.initialize(caller.capabilities, SSE_ONLY)
            reply = await self._ask_in(stream, within, INITIALIZE, hello, clock)
            stream.discovery = replace(eras.read_initialized(result_of(reply, INITIALIZE)), era=SSE)
            await self._tell(stream, within, notification(INITIALIZED))
        except BaseException:
            stream.close()
            raise
        return stream

    async def _set_level(self, stream: OldStream, within: Attached, level: str, clock: Clock) -> None:
        stream.log_level = level
        if stream.discovery is not None and "logging" in stream.discovery.capabilities:
            with suppress(UpstreamBroken):
                await self._ask_in(stream, within, LOGGING_SET_LEVEL, {"level": level}, clock)

    async def _ask_in(
        self, stream: OldStream, within: Attached, method: str, params: dict[str, Any], clock: Clock
    ) -> Reply:
        request_id = self._wire.new_id()
        asked = Asked(partial(self._tell, stream, within), None, b"{}", clock)
        return await self._asked(stream, within, Flight(request_id, asked), request(request_id, method, params), clock)

    async def _asked(self, stream: OldStream, within: Attached, flight: Flight, body: bytes, clock: Clock) -> Reply:
        """The answer comes on the stream, sometimes before the POST has been answered; then it counts, whatever the
        POST's own answer says."""
        stream.add(flight)
        try:
            sent = Outgoing(flight.id, body, within)
            refusal = await self._wire.post(stream.address, sent, min(clock.left(), _POST_SECONDS))
            if refusal is not None and not flight.answer.done():
                return refusal
            return Reply(200, await flight.landed(clock))
        except UpstreamTimeout as problem:
            problem.add(stream.unread.sentence())
            raise
        finally:
            stream.remove(flight)
            await flight.asked.close()

    async def _tell(self, stream: OldStream, within: Attached, body: bytes) -> None:
        await self._wire.tell(stream.address, Outgoing(b"", body, within), SIDE_SECONDS)
