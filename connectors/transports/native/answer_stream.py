"""An event stream that is to bring the answer to a request, and may bring notifications and questions before it."""

from __future__ import annotations

import sys

from connectors.errors import UpstreamBroken
from connectors.transports.base import Endpoint
from connectors.transports.native.envelope import Message, Unreadable, one_line, read_message
from connectors.transports.native.failure import broken, host_of
from connectors.transports.native.outgoing import Outgoing
from connectors.transports.native.server_questions import TooManyQuestions
from connectors.transports.native.sse import EventReader, TooManyEvents
from harriet.lib.egress import EgressBroken, Response
from harriet.lib.mcp.notifications import CANCELLED
from harriet.lib.pace import Pace
from harriet.lib.text import quoted

MOST_EVENTS = 10_000
"""Of one request, over all its streams."""
BURST, PER_SECOND = 2000, 500.0
"""Messages: how fast notifications are passed on; beyond, the server is read more slowly."""
MOST_UNREAD = 1000
"""Events that are no messages, before an answer: some servers greet, or say “ping” every second."""


class Unread:
    """Reads the messages of a stream; passes over what is none, and keeps count. A stream that is to last is bounded
    by its reader alone."""

    __slots__ = ("_endpoint", "_most", "count", "reason")

    def __init__(self, endpoint: Endpoint, *, is_bounded: bool = True) -> None:
        self._endpoint = endpoint
        self._most = MOST_UNREAD if is_bounded else sys.maxsize
        self.count = 0
        self.reason = ""

    def read(self, raw: bytes) -> Message | None:
        """Raises UpstreamBroken when there are too many of them."""
        try:
            return read_message(raw)
        except Unreadable as reason:
            self.count += 1
            self.reason = str(reason)
        if self.count > self._most:
            raise broken(self._endpoint, f"sent an answer that can't be read: {self.reason}")
        return None

    def sentence(self) -> str:
        if not self.count:
            return ""
        many = "An event" if self.count == 1 else f"{self.count} events"
        return f"{many} of its stream could not be read: {self.reason}."


class AnswerStream:
    """The messages of one answer that comes as a stream of events, in their order."""

    def __init__(self, endpoint: Endpoint, outgoing: Outgoing) -> None:
        self._endpoint = endpoint
        self._outgoing = outgoing
        self._pace: Pace | None = None
        self._unread = Unread(endpoint)
        self._has_told = False
        self.reader = EventReader(MOST_EVENTS)

    @property
    def can_go_on(self) -> bool:
        return self._outgoing.can_resume and bool(self.reader.last_id)

    async def answer(self, response: Response, max_bytes: int) -> Message | None:
        """None when the stream ends before its answer. Raises UpstreamBroken."""
        try:
            async for chunk in response.iter_chunks(max_bytes):
                for raw in self.reader.feed(chunk):
                    await self._tell_if_primed()
                    if (message := await self.answer_in(raw)) is not None:
                        return message
                await self._tell_if_primed()
            rest = self.reader.rest()
            return await self.answer_in(rest) if rest else None
        except TooManyEvents:
            raise broken(self._endpoint, f"sent more than {MOST_EVENTS} events instead of its answer") from None
        except EgressBroken:
            if not self.can_go_on:
                raise
        return None

    def ended(self) -> UpstreamBroken:
        """There was no answer in it."""
        problem = f"The server at {host_of(self._endpoint)} ended the event stream without an answer."
        return UpstreamBroken(problem, advice=self.oddities())

    def oddities(self) -> str:
        """What was passed over, in sentences: one of these events may have been meant as the answer."""
        name = self.reader.other
        named = f"It sent an event named {quoted(name, 40)}, which MCP doesn't know." if name else ""
        return f"{self._unread.sentence()} {named}".strip()

    async def answer_in(self, raw: bytes) -> Message | None:
        """The answer, in a message or a batch; what else is there is passed on. Raises UpstreamBroken."""
        answer = None
        try:
            for one in self._outgoing.messages_in(raw):
                answer = await self._look_at(one) or answer
        except TooManyQuestions:
            raise broken(self._endpoint, "asked back too many questions") from None
        return answer

    def _is_answer(self, message: Message) -> bool:
        """No other request is on its way in this stream."""
        return message.answers(self._outgoing.id) or message.answers_alone(self._outgoing.id)

    async def _look_at(self, raw: bytes) -> Message | None:
        """The message, when it is the answer."""
        message = self._unread.read(raw)
        if message is None or self._is_answer(message):
            return message
        await self._pass_on(message, raw)
        return None

    async def _tell_if_primed(self) -> None:
        if self.reader.is_primed and not self._has_told and self._outgoing.on_stream is not None:
            self._has_told = True
            await self._outgoing.on_stream.primed(self.reader.retry)

    async def _pass_on(self, message: Message, raw: bytes) -> None:
        """What comes before the answer: notifications, questions, and answers to somebody else, which are dropped."""
        outgoing = self._outgoing
        if not message.method:
            return
        if message.id:
            if outgoing.questions is not None:
                await outgoing.questions.take(message)
        elif message.method == CANCELLED:
            if outgoing.questions is not None:
                outgoing.questions.take_back(message)
        elif outgoing.on_notification is not None:
            if self._pace is None:
                self._pace = Pace(BURST, PER_SECOND)
            await self._pace.keep()
            await outgoing.on_notification(one_line(raw))
