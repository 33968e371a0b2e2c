"""The one event stream of a session over HTTP+SSE, and those who wait for something on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from connectors.errors import UpstreamBroken, UpstreamDown, UpstreamError, UpstreamTimeout
from connectors.transports.base import Discovery, Endpoint, OnNotification
from connectors.transports.native.answer_stream import BURST, MOST_EVENTS, PER_SECOND, Unread
from connectors.transports.native.cookies import Cookies
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.envelope import Message, singly
from connectors.transports.native.failure import EgressProblem, failure_of, translated
from connectors.transports.native.in_flight import pass_on
from connectors.transports.native.outgoing import Attached
from connectors.transports.native.server_questions import ServerQuestions, TooManyQuestions
from connectors.transports.native.sse import EventReader, EventTooLarge, TooManyEvents
from connectors.transports.native.wire import Wire
from harriet.lib.egress import Exchange
from harriet.lib.http.media_types import is_events
from harriet.lib.pace import Pace

log = logging.getLogger(__name__)

LIFE_SECONDS, USABLE_SECONDS = 7200.0, 3600.0
"""A stream takes no new requests in its second hour, so that none breaks off when it ends."""
IDLE_SECONDS = 120.0
"""After the last request of a stream."""
_ADDRESS_SECONDS = 10.0
"""Until the server has said where requests go."""
_MOST_STREAM_EVENTS, _LARGEST_STREAM = 1_000_000, 4 * 2**30
"""Events and bytes of a stream's whole life."""


class _Timer:
    """An asyncio time-out that keeps to a countdown which may stand still."""

    def __init__(self, countdown: Countdown) -> None:
        self.timeout = asyncio.timeout(countdown.left())

    def go_on(self, left: float) -> None:
        with suppress(RuntimeError):
            self.timeout.reschedule(asyncio.get_running_loop().time() + left)


@dataclass(slots=True, eq=False)
class AwaitedAnswer:
    """A request whose answer the stream is to bring."""

    id: bytes
    questions: ServerQuestions
    on_notification: OnNotification | None = None
    is_lasting: bool = False
    answer: asyncio.Future[Message] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    events: int = 0

    async def landed(self, countdown: Countdown) -> Message:
        """Raises UpstreamError."""
        timer = _Timer(countdown)
        self.questions.timer = timer
        try:
            async with timer.timeout:
                return await self.answer
        except TimeoutError:
            countdown.left()
            raise UpstreamTimeout("The server didn't finish its answer in time.") from None

    def fail(self, problem: UpstreamError) -> None:
        if not self.answer.done():
            self.answer.set_exception(problem)
            self.answer.exception()  # so that nobody calls it unheard when the caller has gone

    async def hear(self, raw: bytes) -> None:
        self.events += 1
        if self.events > MOST_EVENTS and not self.is_lasting:
            self.fail(UpstreamBroken(f"The server sent more than {MOST_EVENTS} events instead of its answer."))
        elif self.on_notification is not None:
            await self.on_notification(raw)


class HttpSseStream:
    """Open until it is closed, has been idle for a while, or ends; `ended` is the task that reads it."""

    def __init__(self, wire: Wire, endpoint: Endpoint, attached: Attached) -> None:
        loop = asyncio.get_running_loop()
        self._max_bytes = wire.max_bytes
        self.cookies = Cookies(endpoint.url)
        """Set by the answer that opens the stream, so that requests find the machine where it is open."""
        self.address = endpoint
        """Where requests go, once the server has said so."""
        self.discovery: Discovery | None = None
        self.log_level = ""
        self._flights: dict[bytes, AwaitedAnswer] = {}
        self._found: asyncio.Future[str] = loop.create_future()
        self._pace = Pace(BURST, PER_SECOND)
        self._time = loop.time
        self._good_until = loop.time() + USABLE_SECONDS
        self._idle: asyncio.TimerHandle | None = None
        self.unread = Unread(endpoint, is_bounded=False)
        self._side: set[asyncio.Future[None]] = set()
        self.ended: asyncio.Task[None] = asyncio.create_task(self._run(wire.stream(endpoint, attached, LIFE_SECONDS)))

    @property
    def is_usable(self) -> bool:
        return not self.ended.done() and self._time() < self._good_until

    @property
    def is_busy(self) -> bool:
        return bool(self._flights)

    def add(self, flight: AwaitedAnswer) -> None:
        self._flights[flight.id] = flight
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self.ended.done():
            flight.fail(_ended())

    def remove(self, flight: AwaitedAnswer) -> None:
        self._flights.pop(flight.id, None)
        if not self._flights and not self.ended.done():
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close)

    def close(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self.ended.cancel()

    def in_background(self, message: Awaitable[None]) -> None:
        async def say() -> None:
            with suppress(UpstreamError):
                await message

        task = asyncio.ensure_future(say())
        self._side.add(task)
        task.add_done_callback(self._side.discard)

    async def wait_for_address(self, countdown: Countdown) -> None:
        """Raises UpstreamError."""
        try:
            async with asyncio.timeout(min(countdown.left(), _ADDRESS_SECONDS)):
                uri = await asyncio.shield(self._found)
        except TimeoutError:
            raise UpstreamTimeout("The server opened an event stream and then said nothing.") from None
        self.address = self.address._replace(url=same_origin(self.address.url, uri))

    async def _run(self, exchange: Exchange) -> None:
        problem: UpstreamError = _ended()
        try:
            await self._read(exchange)
        except UpstreamError as error:
            problem = error
        except EgressProblem as error:
            problem = translated(error)
        except (TooManyEvents, EventTooLarge, TooManyQuestions):
            problem = UpstreamBroken("The server sent more on its event stream than any session needs.")
        except Exception:  # of whoever listens
            log.exception("An event stream of the old transport could not be read on.")
        finally:
            self._end(problem)

    def _end(self, problem: UpstreamError) -> None:
        if not self._found.done():
            self._found.set_exception(problem)
            self._found.exception()
        for flight in list(self._flights.values()):
            flight.fail(problem)

    async def _read(self, exchange: Exchange) -> None:
        reader = EventReader(_MOST_STREAM_EVENTS, special="endpoint", max_event=self._max_bytes)
        async with exchange as response:
            exchange.headers, exchange.params = {}, None  # the stream outlives the block that opened the credential
            self.cookies.take(response.headers.every("Set-Cookie"))
            if response.status >= 300:
                raise (await failure_of(self.address, response)).problem()
            if response.status != 200 or not is_events(response.headers.get("Content-Type", "")):
                raise UpstreamBroken(f"The server answered with status {response.status} instead of an event stream.")
            async for chunk in response.iter_chunks(_LARGEST_STREAM):
                for raw in (one for event in reader.feed(chunk) for one in singly(event)):
                    await self._came(raw)
                if reader.special_data and not self._found.done():
                    self._found.set_result(reader.special_data.decode("latin-1"))

    async def _came(self, raw: bytes) -> None:
        message = self.unread.read(raw)
        if message is None:
            return
        if not message.method:
            self._land(message)
            return
        await pass_on(message, raw, list(self._flights.values()), self._pace)

    def _land(self, message: Message) -> None:
        """Only with one request on its way an answer may be written in another way than its request."""
        flight = self._flights.get(bytes(message.id))
        if flight is None:
            asked = [one for one in self._flights.values() if not one.is_lasting]
            flight = asked[0] if len(asked) == 1 else None
        if flight is None or flight.answer.done():
            return
        if message.answers(flight.id) or message.answers_alone(flight.id):
            flight.answer.set_result(message)


def same_origin(url: str, uri: str) -> str:
    """Where requests go, which the server may choose on its own host alone. Raises UpstreamBroken."""
    whole = urljoin(url, uri)
    one, other = urlsplit(url), urlsplit(whole)
    if (one.scheme, one.netloc) != (other.scheme, other.netloc):
        raise UpstreamBroken("The server wants its requests sent to another host, so nothing was sent.")
    return whole


def _ended() -> UpstreamError:
    return UpstreamDown("The server ended its event stream.")
