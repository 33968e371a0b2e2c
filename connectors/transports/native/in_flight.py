"""Requests that are on their way while the server speaks on a stream that belongs to none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.transports.base import OnNotification
from connectors.transports.native.envelope import Message, one_line
from connectors.transports.native.server_questions import ServerQuestions, take_if_asked
from harriet.lib.pace import Pace


class Flight(Protocol):
    """One request, for what the server says beside its answer."""

    questions: ServerQuestions

    async def hear(self, raw: bytes) -> None:
        """A notification, on one line."""


@dataclass(slots=True)
class InFlight:
    """A request whose answer comes on a stream of its own."""

    questions: ServerQuestions
    on_notification: OnNotification | None

    async def hear(self, raw: bytes) -> None:
        if self.on_notification is not None:
            await self.on_notification(raw)


async def pass_on(message: Message, raw: bytes, flights: Sequence[Flight], pace: Pace) -> None:
    """A question goes to the one request that it can be about, news to all. Raises TooManyQuestions."""
    if await take_if_asked([flight.questions for flight in flights], message):
        return
    await pace.keep()
    line = one_line(raw)
    for flight in flights:
        await flight.hear(line)
