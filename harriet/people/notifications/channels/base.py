"""What a channel is: one way in which somebody hears of a matter, beside the line in the inbox that always stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from harriet.people.models import Notice, User


class NotSent(Exception):
    """It did not go out; the text says why, in words that hold no secret."""


class Channel:
    label: str
    """As people choose it."""

    def due(self, now: datetime) -> datetime | None:
        """When what is told now goes out; None for never."""
        return None

    def send(self, user: User, lines: Sequence[Notice]) -> None:
        """All of it in one message. Raises NotSent: it is then tried again later."""
