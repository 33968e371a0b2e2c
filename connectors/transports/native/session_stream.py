"""The stream that a server of the legacy era opens for what it ties to no request (GET, SPEC 2025-11-25 transports)."""

from __future__ import annotations

import asyncio
import logging

from connectors.errors import UpstreamError
from connectors.transports.base import Endpoint
from connectors.transports.native.answer_stream import BURST, MOST_EVENTS, PER_SECOND
from connectors.transports.native.envelope import Message
from connectors.transports.native.in_flight import pass_on
from connectors.transports.native.outgoing import Attached
from connectors.transports.native.server_questions import TooManyQuestions
from connectors.transports.native.sessions import OwnStream, Session
from connectors.transports.native.sse import EventReader
from connectors.transports.native.wire import Wire, retry_of
from harriet.lib.pace import Pace

log = logging.getLogger(__name__)

SIDE_SECONDS = 5.0
"""For what is said beside a request: an answer to a question, a cancellation, the end of a session."""
LISTENING_SECONDS = 3600.0
"""For which one stream is read."""
OPENING_SECONDS = 1.0
"""How long a request waits for the server to open the stream: it may ask back on it at once."""
AGAIN_SECONDS, MOST_TRIES = 0.2, 10
"""Until a server that still knows the stream before has noticed its end."""
NO_STREAM = frozenset({0, 501, 505, *range(400, 500)} - {408, 409, 425, 429})
"""What a server says that has no such stream; 0 when it answered something else than a stream."""


async def keep_own_stream(wire: Wire, endpoint: Endpoint, within: Attached, session: Session) -> None:
    """Keeps the stream open while requests are in flight in the session; waits a moment until it is."""
    own_stream = session.own_stream
    if own_stream is None:
        opened = asyncio.Event()
        task = asyncio.create_task(_OwnStreamReader(wire, endpoint, within, session).run(opened))
        own_stream = session.own_stream = OwnStream(task, opened)
    if own_stream.opened.is_set() or own_stream.task.done() or session.opens_late:
        return
    opening = asyncio.create_task(own_stream.opened.wait())
    try:
        await asyncio.wait({opening, own_stream.task}, timeout=OPENING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        session.opens_late = not own_stream.opened.is_set() and not own_stream.task.done()
    finally:
        opening.cancel()


class _OwnStreamReader:
    """Passes on to the requests in flight what the server says on the stream."""

    def __init__(self, wire: Wire, endpoint: Endpoint, within: Attached, session: Session) -> None:
        self._wire, self._endpoint, self._within, self._session = wire, endpoint, within, session
        self._pace = Pace(BURST, PER_SECOND)

    async def run(self, opened: asyncio.Event) -> None:
        try:
            await self._hear(opened)
        except TooManyQuestions:
            log.info("A server asks too much on its own stream, so it is not heard any more.")
            self._session.has_stream = False
        except UpstreamError as problem:
            log.info("A server's own stream ended: %s", problem)
        except Exception:  # of whoever listens: the request itself goes on
            log.exception("What a server said on its own stream could not be passed on.")

    async def _hear(self, opened: asyncio.Event) -> None:
        reader = EventReader(MOST_EVENTS)
        tries = 0
        while self._session.in_flight:
            status = await self._wire.listen(
                self._endpoint, self._within, reader, self._on_message, LISTENING_SECONDS, on_open=opened.set
            )
            if status == 409 and tries < MOST_TRIES:  # it hasn't noticed yet that the last one was closed
                tries += 1
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if status != 200:
                self._session.has_stream = status not in NO_STREAM
                return
            await asyncio.sleep(retry_of(reader))

    async def _on_message(self, message: Message, raw: bytes) -> None:
        if not message.method:
            return
        await pass_on(message, raw, list(self._session.in_flight.values()), self._pace)
