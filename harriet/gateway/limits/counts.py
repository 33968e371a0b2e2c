"""What was counted within a minute or a day, by this process and by the others. Dictionary work alone; `exchange`
beside it tells the other processes and the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

MINUTE, DAY = 60, 86_400
"""Seconds. Windows begin at full minutes and at midnight, in UTC."""
MOST_COUNTS = 250_000
"""That one process remembers; a count takes some three hundred bytes. The others know what was forgotten here."""


def window_start(now: int, seconds: int) -> int:
    """When the window began that is open now."""
    return now // seconds * seconds


class Key(NamedTuple):
    """What is counted: against which limit (or, of a call that repeats itself, of which tool), of whom, and within how
    many seconds."""

    of: UUID
    subject: UUID | bytes
    seconds: int

    @property
    def is_kept(self) -> bool:
        """Whether the database keeps it: what is counted by the day outlives Redis, and every process."""
        return self.seconds == DAY


class Count:
    """One window's count. `own` is this process's part, `others` what the others told of theirs, `saved` what the
    database knew of all of it, and `unsaved` what it doesn't know yet."""

    __slots__ = ("others", "own", "saved", "start", "unheard", "unsaved")

    def __init__(self, start: int) -> None:
        self.start = start
        self.own = self.others = self.saved = self.unsaved = 0
        self.unheard = 0
        """What this process added since it last heard of the others."""

    @property
    def total(self) -> int:
        return max(self.own + self.others, self.saved + self.unsaved)


class Counts:
    """All counts of one process."""

    def __init__(self) -> None:
        self._counts: dict[Key, Count] = {}
        self.get = self._counts.get
        self.untold: set[Key] = set()
        """What the other processes don't know yet."""
        self.unsaved: set[Key] = set()
        """What the database doesn't know yet."""
        self.processes = 1
        """That were there when Redis last said so."""
        self.is_alone = False
        """Redis is away: nothing is heard of the other processes."""
        self.is_database_away = False

    def __len__(self) -> int:
        return len(self._counts)

    def window(self, key: Key, start: int) -> Count | None:
        """What is known of this window; None for nothing."""
        count = self._counts.get(key)
        return count if count is not None and count.start == start else None

    def has_room(self, key: Key, limit: int, start: int) -> bool:
        """Whether one more fits. Alone, a process uses its share of what was left when it last heard of the others, and
        at least one, so that all of them together stay near the limit."""
        count = self.window(key, start)
        if not self.is_alone or (key.is_kept and not self.is_database_away):
            return count is None or count.total < limit
        unheard, total = (count.unheard, count.total) if count is not None else (0, 0)
        left = limit - (total - unheard)
        return left > 0 and unheard < max(left // self.processes, 1)

    def add(self, key: Key, start: int, number: int = 1) -> None:
        count = self.opened(key, start)
        count.own += number
        count.unheard += number
        self.untold.add(key)
        if key.is_kept:
            count.unsaved += number
            self.unsaved.add(key)

    def opened(self, key: Key, start: int) -> Count:
        """The window's count, which begins with it."""
        count = self._counts.get(key)
        if count is None or count.start != start:
            if len(self._counts) >= MOST_COUNTS:
                self._forget(self._oldest())
            count = self._counts[key] = Count(start)
        return count

    def forget_over(self, now: int) -> None:
        """Windows that are over. The last calls of a day that nobody was told of in time are not worth a word."""
        self._forget([key for key, count in self._counts.items() if count.start + key.seconds <= now])

    def _oldest(self) -> list[Key]:
        busy = self.untold | self.unsaved
        return [key for key, _ in zip(self._counts, range(MOST_COUNTS // 10), strict=False) if key not in busy]

    def _forget(self, keys: Iterable[Key]) -> None:
        for key in keys:
            del self._counts[key]
            self.untold.discard(key)
            self.unsaved.discard(key)
