"""An event stream that is to bring the answer to a request, and may bring notifications and questions before it."""

from __future__ import annotations

from harriet.lib.egress import EgressBroken, Response

from .asked import TooManyQuestions
from .base import Endpoint
from .clock import Pace
from .envelope import Message, one_line
from .exchange import Outgoing, broken, parsed
from .sse import EventReader, TooManyEvents

MAX_EVENTS = 10_000
"""Of one request, over all its streams."""
BURST, PER_SECOND = 2000, 500.0
"""How fast notifications are passed on; beyond, the server is read more slowly."""


class Stream:
    def __init__(self, endpoint: Endpoint, outgoing: Outgoing) -> None:
        self._endpoint = endpoint
        self._outgoing = outgoing
        self._pace: Pace | None = None
        self.reader = EventReader(MAX_EVENTS)

    @property
    def can_go_on(self) -> bool:
        return self._outgoing.can_resume and bool(self.reader.last_id)

    async def answer(self, response: Response, max_bytes: int) -> Message | None:
        """None when the stream ends before its answer. Raises UpstreamBroken."""
        try:
            async for chunk in response.iter_chunks(max_bytes):
                for raw in self.reader.feed(chunk):
                    message = parsed(self._endpoint, raw)
                    if message.answers(self._outgoing.id):
                        return message
                    await self._pass_on(message, raw)
        except TooManyEvents:
            raise broken(self._endpoint, f"sent more than {MAX_EVENTS} events instead of its answer") from None
        except TooManyQuestions:
            raise broken(self._endpoint, "asked back too many questions") from None
        except EgressBroken:
            if not self.can_go_on:
                raise
        return None

    async def _pass_on(self, message: Message, raw: bytes) -> None:
        """What comes before the answer: notifications, questions, and answers to somebody else, which are dropped."""
        outgoing = self._outgoing
        if not message.method:
            return
        if message.id:
            if outgoing.asked is not None:
                await outgoing.asked.take(message)
        elif message.method == "notifications/cancelled":
            if outgoing.asked is not None:
                outgoing.asked.take_back(message)
        elif outgoing.on_notification is not None:
            if self._pace is None:
                self._pace = Pace(BURST, PER_SECOND)
            await self._pace.keep()
            await outgoing.on_notification(one_line(raw))
