"""Hears what a server says of its own accord, for as long as somebody is interested: in each era by its own way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import monotonic

from connectors.errors import UpstreamBroken, UpstreamDown, UpstreamTimeout
from connectors.transports.base import Caller, Endpoint, Interest, OnNotification
from connectors.transports.native import eras
from connectors.transports.native.answer_stream import MOST_EVENTS
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.envelope import Message, one_line, read_message, request
from connectors.transports.native.http_sse import HttpSse
from connectors.transports.native.legacy import LegacyEra
from connectors.transports.native.outgoing import Attached, Outgoing
from connectors.transports.native.session_stream import LISTENING_SECONDS, NO_STREAM
from connectors.transports.native.sessions import Session
from connectors.transports.native.sse import EventReader
from connectors.transports.native.wire import Wire, retry_of
from harriet.lib.mcp.headers import METHOD_HEADER
from harriet.lib.mcp.methods import RESOURCES_SUBSCRIBE, SUBSCRIPTIONS_LISTEN
from harriet.lib.mcp.notifications import ABOUT_OFFERS, LISTENED_AS, LISTENED_URIS, SUBSCRIPTIONS_ACKNOWLEDGED
from harriet.lib.mcp.versions import LEGACY, MODERN
from harriet.lib.pace import Pace
from vault.opened import OpenCredential

log = logging.getLogger(__name__)

OPENING_SECONDS = 20.0
"""For a session to listen in, with all that is subscribed to."""
BURST, PER_SECOND = 200, 20.0
"""Messages: how fast a server's news is passed on."""
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two tries; twice as long each time."""
STEADY = 5.0
"""A stream that lasted so many seconds worked; the next failure is a new one."""

OpenCredentialFor = Callable[[], AbstractContextManager[OpenCredential]]


@dataclass(slots=True)
class _BackOff:
    pause: float = 0.0
    has_worked: bool = False
    """Since the last wait: the stream brought something."""

    async def wait(self, began: float, at_least: float = 0.0) -> None:
        lasted = monotonic() - began
        is_new = not self.pause or lasted > STEADY or self.has_worked
        self.has_worked = False
        self.pause = SHORTEST_PAUSE if is_new else min(self.pause * 2, LONGEST_PAUSE)
        await asyncio.sleep(max(self.pause, at_least))


class Watch:
    """One interest in one server. The credential is opened for each connection anew."""

    def __init__(
        self,
        wire: Wire,
        legacy: LegacyEra,
        http_sse: HttpSse,
        endpoint: Endpoint,
        open_credential: OpenCredentialFor,
        interest: Interest,
        on_notification: OnNotification,
        on_open: Callable[[], None],
    ) -> None:
        self._wire = wire
        self._legacy_era, self._http_sse = legacy, http_sse
        self._endpoint = endpoint
        self._open_credential = open_credential
        self._interest = interest
        self._on_notification, self._on_open = on_notification, on_open
        self._pace = Pace(BURST, PER_SECOND)
        self._back_off = _BackOff()

    async def run(self, era_of: Callable[[OpenCredential], Awaitable[str]]) -> None:
        """Until cancelled. Raises UpstreamBroken when the server has no such stream, UpstreamRefusedCredential and
        UpstreamOutOfReach; what passes by itself is waited for."""
        while True:
            began = monotonic()
            try:
                with self._open_credential() as credential:
                    era = await era_of(credential)
                await {MODERN: self._modern, LEGACY: self._legacy}.get(era, self._oldest)()
            except (UpstreamDown, UpstreamTimeout) as problem:
                log.info("Connector %s is not heard at the moment: %s", self._endpoint.connector_id, problem)
            await self._back_off.wait(began)

    @contextmanager
    def _attached(self) -> Iterator[Attached]:
        with self._open_credential() as credential:
            yield Attached.of(credential)

    async def _modern(self) -> None:
        """subscriptions/listen: one request, whose answer is its graceful end (SPEC 2026-07-28 subscriptions)."""
        is_acknowledged = False

        async def hear(raw: bytes) -> None:
            nonlocal is_acknowledged
            method = "" if is_acknowledged else read_message(raw).method
            # Some servers begin without a word.
            if method == SUBSCRIPTIONS_ACKNOWLEDGED or method.startswith(ABOUT_OFFERS):
                is_acknowledged = True
                self._on_open()
            if is_acknowledged and method != SUBSCRIPTIONS_ACKNOWLEDGED:
                await self._tell(raw)

        request_id = self._wire.new_id()
        params = {"notifications": _wanted(self._interest), "_meta": eras.MODERN_META}
        body = request(request_id, SUBSCRIPTIONS_LISTEN, params)
        headers = {**eras.MODERN_HEADERS, METHOD_HEADER: SUBSCRIPTIONS_LISTEN}
        try:
            with self._attached() as attached:
                outgoing = Outgoing(request_id, body, attached.within(headers), hear)
                reply = await self._wire.ask(self._endpoint, outgoing, Countdown(LISTENING_SECONDS))
            if reply.failure is not None and reply.failure.is_passing:
                raise reply.failure.problem()
        except UpstreamBroken as problem:
            if not is_acknowledged:
                raise
            log.info("Connector %s broke off: %s", self._endpoint.connector_id, problem)
        if not is_acknowledged:
            raise _no_stream()

    async def _legacy(self) -> None:
        """A session of its own, and its stream, until the server has lost the session."""
        async with self._session() as session:
            reader = EventReader(MOST_EVENTS)
            is_first = True
            while True:
                began = monotonic()
                try:
                    status = await self._listen(session, reader)
                except (UpstreamDown, UpstreamTimeout) as problem:
                    log.info("Connector %s is not heard now: %s", self._endpoint.connector_id, problem)
                    status = 200
                if status == 404 and not is_first:
                    return
                if status in NO_STREAM:
                    raise _no_stream()
                is_first = False
                await self._back_off.wait(began, retry_of(reader))
                reader = _going_on(reader)

    async def _listen(self, session: Session, reader: EventReader) -> int:
        with self._attached() as attached:
            within = attached.within(session.headers, session.cookies)

            async def on_message(message: Message, raw: bytes) -> None:
                if message.method and not message.id:
                    await self._tell(one_line(raw))
                elif message.method:
                    await self._legacy_era.refuse(self._endpoint, within, message)

            return await self._wire.listen(
                self._endpoint, within, reader, on_message, LISTENING_SECONDS, on_open=self._on_open
            )

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        legacy, countdown = self._legacy_era, Countdown(OPENING_SECONDS)
        with self._attached() as attached:
            session, _ = await legacy.initialize(self._endpoint, attached, Caller(), countdown)
            within = attached.within(session.headers, session.cookies)
            for uri in sorted(self._interest.uris):
                await legacy.ask_in(self._endpoint, within, RESOURCES_SUBSCRIBE, {"uri": uri}, countdown)
        try:
            yield session
        finally:
            with self._attached() as attached:
                legacy.end_later(self._endpoint, session, attached)

    async def _oldest(self) -> None:
        with self._attached() as attached:
            await self._http_sse.watch(self._endpoint, attached, self._interest.uris, self._tell, self._on_open)

    async def _tell(self, raw: bytes) -> None:
        self._back_off.has_worked = True
        await self._pace.keep()
        await self._on_notification(raw)


def _wanted(interest: Interest) -> dict[str, object]:
    return {
        LISTENED_AS["tools"]: interest.tools,
        LISTENED_AS["prompts"]: interest.prompts,
        LISTENED_AS["resources"]: interest.resources,
        LISTENED_URIS: sorted(interest.uris),
    }


def _going_on(reader: EventReader) -> EventReader:
    """For the next stream: a count of its own, and the place where the last one ended."""
    renewed = EventReader(MOST_EVENTS)
    renewed.last_id, renewed.retry = reader.last_id, reader.retry
    return renewed


def _no_stream() -> UpstreamBroken:
    return UpstreamBroken("The server has no stream on which it says what changes.")
