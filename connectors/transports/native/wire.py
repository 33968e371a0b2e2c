"""One JSON-RPC request over Streamable HTTP: POST it, and find its answer in a JSON body or an event stream."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from connectors.transports.base import Endpoint
from connectors.transports.native.answer_stream import AnswerStream, Unread
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.envelope import Message, Unreadable, is_error, read_message, singly
from connectors.transports.native.failure import EgressProblem, Failure, broken, failure_of, translated, unknown_kind
from connectors.transports.native.outgoing import Attached, Outgoing, ServerReply, parsed
from connectors.transports.native.server_words import words_of
from connectors.transports.native.sse import EventReader, TooManyEvents
from harriet.lib.egress import AsyncEgress, EgressBroken, EgressFailed, Exchange, Response
from harriet.lib.http.charset import as_utf8
from harriet.lib.http.media_types import JSON, charset_of, is_events, is_json
from harriet.lib.mcp.headers import SESSION_ID_HEADER

MOST_RESUMPTIONS = 100
"""Streams that are asked for again until one brings the answer."""
SHORTEST_RETRY, USUAL_RETRY, LONGEST_RETRY = 0.1, 0.5, 30.0
"""Seconds until a broken stream is asked for again, whatever the server wants."""

_MARKS = frozenset({b"\xef", b"\xfe", b"\xff"})
"""How a byte order mark begins."""

OnMessage = Callable[[Message, bytes], Awaitable[None]]


class Wire:
    """Sends requests to servers over HTTP and reads their answers, in whatever form they come."""

    def __init__(self, egress: AsyncEgress, max_bytes: int) -> None:
        self._egress = egress
        self.max_bytes = max_bytes
        self._ids = itertools.count(1)

    def new_id(self) -> bytes:
        return b"%d" % next(self._ids)

    async def ask(self, endpoint: Endpoint, outgoing: Outgoing, countdown: Countdown) -> ServerReply:
        """Raises UpstreamError. A JSON-RPC error under an error status is returned, and so is a status that refuses
        the request without one: both may be what whoever asked has to hear."""
        exchange = self._post(endpoint, outgoing, countdown.left())
        questions = outgoing.questions
        if questions is not None:
            questions.timer = exchange
        stream: AnswerStream | None = None
        try:
            async with exchange as response:
                _take_cookies(outgoing.attached, response)
                if response.status >= 300:
                    return await self._read_failure(endpoint, response)
                kind = response.headers.get("Content-Type", "")
                if not is_events(kind):
                    message = await self._read_json(endpoint, outgoing, response, kind)
                    return ServerReply(response.status, message, _session_id_in(response))
                stream = AnswerStream(endpoint, outgoing)
                message_or_none = await stream.answer(response, self.max_bytes)
                session_id = _session_id_in(response)
            message = message_or_none or await self._resumed(endpoint, outgoing, stream, countdown)
            return ServerReply(200, message, session_id)
        except EgressProblem as error:
            raise translated(error, stream.oddities() if stream is not None else "") from None
        finally:
            if questions is not None:
                await questions.close()

    async def _resumed(
        self, endpoint: Endpoint, outgoing: Outgoing, stream: AnswerStream, countdown: Countdown
    ) -> Message:
        """The rest of an event stream that ended before the answer (SPEC 2025-11-25 basic/transports, resumability)."""
        if stream.can_go_on and outgoing.on_stream is not None:
            await outgoing.on_stream.broke_off()
        for _ in range(MOST_RESUMPTIONS if stream.can_go_on else 0):
            await asyncio.sleep(min(retry_of(stream.reader), countdown.left()))
            try:
                status, message = await self._go_on(endpoint, outgoing, stream, countdown)
            except EgressFailed:
                continue  # the server may be restarting: that is what resuming is for
            if status != 200:
                break
            if message is not None:
                return message
        raise stream.ended()

    async def _go_on(
        self, endpoint: Endpoint, outgoing: Outgoing, stream: AnswerStream, countdown: Countdown
    ) -> tuple[int, Message | None]:
        exchange = self._get(endpoint, outgoing.attached, stream.reader.last_id, countdown.left())
        stream.reader.restart()
        if outgoing.questions is not None:
            outgoing.questions.timer = exchange
        async with exchange as response:
            if response.status >= 500:
                return 200, None  # as for EgressFailed
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
        on_open: Callable[[], None] = lambda: None,
    ) -> int:
        """A stream that the server opens for what belongs to no request; its status, once it has ended, 0 when it is
        no event stream. Raises UpstreamError."""
        try:
            async with self._get(endpoint, attached, reader.last_id, seconds) as response:
                _take_cookies(attached, response)
                if not _is_stream(response):
                    return await _no_stream(endpoint, response)
                reader.restart()
                on_open()
                await self._hear(endpoint, response, reader, on_message)
                return 200
        except (TooManyEvents, EgressBroken):  # whoever listens goes on with another stream
            return 200
        except EgressProblem as error:
            raise translated(error) from None

    async def _hear(self, endpoint: Endpoint, response: Response, reader: EventReader, on_message: OnMessage) -> None:
        unread = Unread(endpoint, is_bounded=False)
        async for chunk in response.iter_chunks(self.max_bytes):
            for raw in (one for event in reader.feed(chunk) for one in singly(event)):
                message = unread.read(raw)
                if message is not None:
                    await on_message(message, raw)

    async def post(self, endpoint: Endpoint, outgoing: Outgoing, seconds: float) -> ServerReply | None:
        """Sends a request whose answer comes another way; gives the refusal, if it is refused. Raises UpstreamError."""
        try:
            async with self._post(endpoint, outgoing, seconds) as response:
                _take_cookies(outgoing.attached, response)
                if response.status >= 300:
                    return await self._read_failure(endpoint, response)
                await response.read(self.max_bytes)  # so that the connection can be kept
                return None
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
                headers=outgoing.attached.sent(),
                params=outgoing.attached.query,
                data=outgoing.body or None,
            ) as response:
                _take_cookies(outgoing.attached, response)
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
            headers=outgoing.attached.sent(),
            params=outgoing.attached.query,
            data=outgoing.body,
        )

    def _get(self, endpoint: Endpoint, attached: Attached, last_id: str, seconds: float) -> Exchange:
        headers = {**attached.sent(), "Accept": "text/event-stream"}
        headers.pop("Content-Type", None)
        if last_id:
            headers["Last-Event-ID"] = last_id
        return self._egress.request(
            "GET", endpoint.url, reach=endpoint.reach, deadline=seconds, headers=headers, params=attached.query
        )

    async def _read_json(self, endpoint: Endpoint, outgoing: Outgoing, response: Response, kind: str) -> Message:
        raw = await response.read(self.max_bytes)
        if kind != JSON:  # written in another way, or something else
            if not is_json(kind) and (kind or raw.lstrip()[:1] != b"{"):
                raise unknown_kind(endpoint, response.status, kind, raw)
            raw = as_utf8(raw, charset_of(kind))
        elif raw[:1] in _MARKS:
            raw = as_utf8(raw, "")
        if not raw.strip():
            raise unknown_kind(endpoint, response.status, "", b"")
        if outgoing.messages_in(raw)[0] is not raw:
            answer = await AnswerStream(endpoint, outgoing).answer_in(raw)
            if answer is not None:
                return answer
        message = parsed(endpoint, raw)
        if not message.answers(outgoing.id) and not message.answers_alone(outgoing.id):
            said = "" if message.result else words_of(kind or JSON, raw)
            raise broken(endpoint, "answered something else than it was asked", said=said)
        return message

    async def _read_failure(self, endpoint: Endpoint, response: Response) -> ServerReply:
        failure = await failure_of(endpoint, response)
        message = error_in(failure)
        if message is None and failure.is_passing:
            raise failure.problem()
        return ServerReply(failure.status, message, failure=failure)


def error_in(failure: Failure) -> Message | None:
    """The JSON-RPC error that came with an error status: whatever id it bears, it is about the request."""
    raw = as_utf8(failure.body, charset_of(failure.content_type))
    if not raw.lstrip().startswith(b"{"):
        return None
    try:
        message = read_message(raw)
    except Unreadable:
        return None
    is_rpc = bool(message.id) or b'"jsonrpc"' in raw
    return message if is_rpc and is_error(message) else None


def _take_cookies(attached: Attached, response: Response) -> None:
    if attached.cookies is not None and "set-cookie" in response.headers:
        attached.cookies.take(response.headers.every("Set-Cookie"))


def _session_id_in(response: Response) -> str:
    """Written twice it counts once; two different ones are none that can be sent back."""
    given = response.headers.every(SESSION_ID_HEADER)
    return ", ".join(dict.fromkeys(one.strip() for one in given)) if given else ""


async def _no_stream(endpoint: Endpoint, response: Response) -> int:
    if response.status < 300:
        return 0
    failure = await failure_of(endpoint, response)
    if failure.is_passing:
        raise failure.problem()
    return response.status


def retry_of(reader: EventReader) -> float:
    """Seconds to wait before a stream is taken up again: what the server wishes, within bounds."""
    return min(max(USUAL_RETRY if reader.retry is None else reader.retry, SHORTEST_RETRY), LONGEST_RETRY)


def _is_stream(response: Response) -> bool:
    return response.status == 200 and is_events(response.headers.get("Content-Type", ""))
