"""One JSON-RPC request over Streamable HTTP: POST it, and find its answer in a JSON body or an event stream."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from harriet.lib.egress import AsyncEgress, EgressBroken, EgressFailed, Exchange, Response

from .base import Endpoint
from .clock import Clock
from .envelope import Message, Unreadable, read_message
from .exchange import (
    Attached,
    EgressProblem,
    Outgoing,
    Reply,
    broken,
    failure_of,
    parsed,
    translated,
    unknown_kind,
)
from .sse import EventReader, TooManyEvents
from .stream import Stream

MAX_RESUMPTIONS = 100
MIN_RETRY, USUAL_RETRY, MAX_RETRY = 0.1, 0.5, 30.0
"""Seconds until a broken stream is asked for again, whatever the server wants."""

OnMessage = Callable[[Message, bytes], Awaitable[None]]


class Wire:
    def __init__(self, egress: AsyncEgress, max_bytes: int) -> None:
        self._egress = egress
        self.max_bytes = max_bytes
        self._ids = itertools.count(1)

    def new_id(self) -> bytes:
        return b"%d" % next(self._ids)

    async def ask(self, endpoint: Endpoint, outgoing: Outgoing, clock: Clock) -> Reply:
        """Raises UpstreamError. Other 4xx answers, with a JSON-RPC error or without, are returned."""
        exchange = self._post(endpoint, outgoing, clock.left())
        asked = outgoing.asked
        if asked is not None:
            asked.timer = exchange
        try:
            async with exchange as response:
                if response.status >= 300:
                    return await self._read_failure(endpoint, outgoing, response)
                kind = response.headers.get("Content-Type", "")
                session_id = response.headers.get("Mcp-Session-Id", "")
                if kind.startswith("application/json"):
                    return Reply(response.status, await self._read_json(endpoint, outgoing, response), session_id)
                if not kind.startswith("text/event-stream"):
                    raise unknown_kind(endpoint, response.status, kind)
                stream = Stream(endpoint, outgoing)
                message = await stream.answer(response, self.max_bytes)
            if message is None:
                message = await self._resumed(endpoint, outgoing, stream, clock)
            return Reply(200, message, session_id)
        except EgressProblem as error:
            raise translated(error) from None
        finally:
            if asked is not None:
                await asked.close()

    async def _resumed(self, endpoint: Endpoint, outgoing: Outgoing, stream: Stream, clock: Clock) -> Message:
        """The rest of an event stream that ended before the answer (SPEC 2025-11-25 basic/transports, resumability)."""
        for _ in range(MAX_RESUMPTIONS if stream.can_go_on else 0):
            await asyncio.sleep(min(retry_of(stream.reader), clock.left()))
            try:
                status, message = await self._go_on(endpoint, outgoing, stream, clock)
            except EgressFailed:
                continue  # the server may be restarting: that is what resuming is for
            if status != 200:
                break
            if message is not None:
                return message
        raise broken(endpoint, "ended the event stream without an answer")

    async def _go_on(
        self, endpoint: Endpoint, outgoing: Outgoing, stream: Stream, clock: Clock
    ) -> tuple[int, Message | None]:
        exchange = self._get(endpoint, outgoing.attached, stream.reader.last_id, clock.left())
        stream.reader.restart()
        if outgoing.asked is not None:
            outgoing.asked.timer = exchange
        async with exchange as response:
            if not _is_stream(response):
                return 0, None
            return 200, await stream.answer(response, self.max_bytes)

    def stream(self, endpoint: Endpoint, attached: Attached, seconds: float) -> Exchange:
        """A GET for an event stream, to be read by the caller. Entering it raises EgressError."""
        return self._get(endpoint, attached, "", seconds)

    async def listen(
        self,
        endpoint: Endpoint,
        attached: Attached,
        reader: EventReader,
        on_message: OnMessage,
        seconds: float,
        *,
        opened: asyncio.Event | None = None,
    ) -> int:
        """A stream that the server opens for what belongs to no request; its status, once it has ended, 0 when it is
        no event stream. Raises UpstreamError."""
        try:
            async with self._get(endpoint, attached, reader.last_id, seconds) as response:
                if not _is_stream(response):
                    return _no_stream(endpoint, response)
                reader.restart()
                if opened is not None:
                    opened.set()
                async for chunk in response.iter_chunks(self.max_bytes):
                    for raw in reader.feed(chunk):
                        await on_message(parsed(endpoint, raw), raw)
                return 200
        except (TooManyEvents, EgressBroken):  # whoever listens goes on with another stream
            return 200
        except EgressProblem as error:
            raise translated(error) from None

    async def tell(self, endpoint: Endpoint, outgoing: Outgoing, seconds: float, method: str = "POST") -> int:
        """Sends what has no answer; returns the status. Raises UpstreamError."""
        try:
            async with self._egress.request(
                method,
                endpoint.url,
                reach=endpoint.reach,
                deadline=seconds,
                headers=outgoing.attached.headers,
                params=outgoing.attached.query,
                data=outgoing.body or None,
            ) as response:
                if response.status < 300:
                    await response.read(self.max_bytes)  # so that the connection can be kept
                return response.status
        except EgressProblem as error:
            raise translated(error) from None

    def _post(self, endpoint: Endpoint, outgoing: Outgoing, seconds: float) -> Exchange:
        return self._egress.request(
            "POST",
            endpoint.url,
            reach=endpoint.reach,
            deadline=seconds,
            headers=outgoing.attached.headers,
            params=outgoing.attached.query,
            data=outgoing.body,
        )

    def _get(self, endpoint: Endpoint, attached: Attached, last_id: str, seconds: float) -> Exchange:
        headers = {**attached.headers, "Accept": "text/event-stream"}
        headers.pop("Content-Type", None)
        if last_id:
            headers["Last-Event-ID"] = last_id
        return self._egress.request(
            "GET", endpoint.url, reach=endpoint.reach, deadline=seconds, headers=headers, params=attached.query
        )

    async def _read_json(self, endpoint: Endpoint, outgoing: Outgoing, response: Response) -> Message:
        message = parsed(endpoint, await response.read(self.max_bytes))
        if not message.answers(outgoing.id):
            raise broken(endpoint, "answered something else than it was asked")
        return message

    async def _read_failure(self, endpoint: Endpoint, outgoing: Outgoing, response: Response) -> Reply:
        problem = failure_of(endpoint, response.status, response.headers)
        if problem is not None:
            raise problem
        return Reply(response.status, await self._error_in(outgoing, response))

    async def _error_in(self, outgoing: Outgoing, response: Response) -> Message | None:
        """The JSON-RPC error in the body of a 4xx answer, also one without an id."""
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return None
        try:
            message = read_message(await response.read(self.max_bytes))
        except Unreadable:
            return None
        return message if message.error and bytes(message.id) in {outgoing.id, b"", b"null"} else None


def _no_stream(endpoint: Endpoint, response: Response) -> int:
    problem = failure_of(endpoint, response.status, response.headers)
    if problem is not None and response.status != 501:
        raise problem
    return response.status if response.status != 200 else 0


def retry_of(reader: EventReader) -> float:
    return min(max(USUAL_RETRY if reader.retry is None else reader.retry, MIN_RETRY), MAX_RETRY)


def _is_stream(response: Response) -> bool:
    return response.status == 200 and response.headers.get("Content-Type", "").startswith("text/event-stream")
