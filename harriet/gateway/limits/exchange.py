"""The processes tell each other what they counted: through Redis, in batches, several times a second; and the database
what was counted by the day, so that it outlives them all.

Each process writes its own part and reads everybody's: what is told twice counts once, and a Redis that was emptied
has the parts again with the next call. Without Redis each process uses its share of what is left (`Counts.has_room`).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.actions.note_limit_counts import Counted, More, note_limit_counts
from harriet.gateway.limits.counts import Counts, Key
from harriet.gateway.processes.background import LastingTask
from harriet.gateway.processes.database import in_database

log = logging.getLogger(__name__)

TELL_EVERY = 0.2
"""Seconds between two batches for the other processes; so long they may not know of a call."""
SAVE_EVERY = 2.0
"""Seconds between two batches for the database."""
PRESENT_EVERY = 1.0
"""Seconds after which a process says again that it is there."""
GONE_AFTER = 5.0
"""Seconds without a word after which it doesn't count any more."""
AT_ONCE = 500
"""Counts in one batch."""
KEPT_LONGER = 60
"""Seconds that Redis keeps a window after its end: clocks differ."""
_PROCESSES = "harriet:limits:processes"
_ONCE = "once"
"""The part of processes that live for one call: they add to one part together."""


class Exchange:
    """Between this process's counts and everybody else."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._name = secrets.token_hex(8)
        self._is_lasting = False
        self._redis: Redis | None = None
        self._task = LastingTask()
        self._present_at = self._saved_at = 0.0
        self._turned_away: dict[Counted, tuple[int, datetime]] = {}
        """How many calls came too often, and when the last one did."""

    def start(self) -> None:
        self._is_lasting = True
        self._task.start(self._run())

    async def stop(self) -> None:
        await self._task.stop()
        await self.settle()
        if self._redis is not None:
            await self._redis.aclose()

    def turn_away(self, limit_id: UUID, subject_id: UUID, now: float) -> None:
        """A call came too often: for the pages, which say where limits are reached."""
        at = datetime.fromtimestamp(now, UTC)
        self._add_turned_away(Counted(limit_id, subject_id, at.date()), 1, at)

    def _add_turned_away(self, place: Counted, number: int, at: datetime) -> None:
        known, last = self._turned_away.get(place, (0, at))
        self._turned_away[place] = (known + number, max(last, at))

    async def settle(self) -> None:
        """Everything that is not told yet."""
        await self._tell_if_possible()
        await self._save_if_possible()

    async def learn(self, keys: list[tuple[Key, int]]) -> None:
        """What everybody has counted in these windows, for a process that lives for one call and knows nothing yet."""
        for key, start in keys:
            self._counts.opened(key, start)
            self._counts.untold.add(key)
            if key.is_kept:
                self._counts.unsaved.add(key)
        await self.settle()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TELL_EVERY)
            now = monotonic()
            if self._counts.untold or now - self._present_at >= PRESENT_EVERY:
                await self._tell_if_possible()
            if now - self._saved_at >= SAVE_EVERY:
                self._saved_at = now
                await self._save_if_possible()
                self._counts.forget_over(int(datetime.now(UTC).timestamp()) - KEPT_LONGER)

    async def _tell_if_possible(self) -> None:
        if not self._counts.untold and not self._is_lasting:
            return
        try:
            await self._say_present()
            untold = list(self._counts.untold)
            for first in range(0, len(untold), AT_ONCE):
                await self._tell(untold[first : first + AT_ONCE])
            self._counts.is_alone = False
        except (RedisError, OSError, ValueError) as problem:  # ValueError: what is there is none of ours
            if not self._counts.is_alone:
                log.warning("Limits are counted by each process for itself: no Redis (%s).", type(problem).__name__)
            self._counts.is_alone = True

    async def _say_present(self) -> None:
        if not self._is_lasting or monotonic() - self._present_at < PRESENT_EVERY:
            return
        now = datetime.now(UTC).timestamp()
        async with self._client().pipeline(transaction=False) as pipe:
            pipe.zadd(_PROCESSES, {self._name: now})
            pipe.zremrangebyscore(_PROCESSES, "-inf", now - GONE_AFTER)
            pipe.zcard(_PROCESSES)
            *_, processes = await pipe.execute()
        self._counts.processes = max(int(processes), 1)
        self._present_at = monotonic()

    async def _tell(self, batch: list[Key]) -> None:
        """What is added meanwhile is told next time. Raises RedisError or OSError; all of it is told again then."""
        told = [(key, count, count.own, count.unheard) for key in batch if (count := self._counts.get(key)) is not None]
        async with self._client().pipeline(transaction=False) as pipe:
            for key, count, own, unheard in told:
                name = _name(key, count.start)
                if self._is_lasting:
                    pipe.hset(name, self._name, str(own))
                else:
                    pipe.hincrby(name, _ONCE, unheard)
                pipe.hvals(name)
                pipe.expire(name, key.seconds + KEPT_LONGER)
            answers = await pipe.execute()
        for (key, count, own, unheard), parts in zip(told, answers[1::3], strict=True):
            count.others = max(sum(map(int, parts)) - own, 0)
            count.unheard -= unheard
            if count.own == own:
                self._counts.untold.discard(key)
        self._counts.untold.difference_update(set(batch) - {key for key, *_ in told})

    async def _save_if_possible(self) -> None:
        saving = {place: key for key in self._counts.unsaved if (place := self._place(key)) is not None}
        numbers = {place: self._counts.get(key).unsaved for place, key in saving.items()}  # type: ignore[union-attr]
        turned_away, self._turned_away = self._turned_away, {}
        if not numbers and not turned_away:
            return
        self._counts.unsaved = set()
        try:
            totals = await in_database(note_limit_counts, _rows(numbers, turned_away))
            self._counts.is_database_away = False
        except (DatabaseError, OSError) as problem:
            log.warning("What was counted for limits waits for the database (%s).", type(problem).__name__)
            self._counts.is_database_away = True
            self._counts.unsaved |= set(saving.values())
            for place, more in turned_away.items():
                self._add_turned_away(place, *more)
            return
        for place, key in saving.items():
            self._was_saved(key, place, numbers[place], totals.get(place, 0))

    def _place(self, key: Key) -> Counted | None:
        """Of what the database keeps."""
        count = self._counts.get(key)
        if count is None or not isinstance(key.subject, UUID):
            return None
        return Counted(key.of, key.subject, datetime.fromtimestamp(count.start, UTC).date())

    def _was_saved(self, key: Key, place: Counted, number: int, total: int) -> None:
        count = self._counts.get(key)
        if count is not None and self._place(key) == place:  # its day may be over
            count.saved = max(total, count.saved)
            count.unsaved -= number
            if self._counts.is_alone:
                count.unheard = count.unsaved

    def _client(self) -> Redis:
        if self._redis is None:
            self._redis = Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
        return self._redis


def _name(key: Key, start: int) -> str:
    subject = key.subject.hex if isinstance(key.subject, UUID) else key.subject.hex()
    return f"harriet:limits:{key.of.hex}:{subject}:{key.seconds}:{start}"


def _rows(calls: dict[Counted, int], turned_away: dict[Counted, tuple[int, datetime]]) -> dict[Counted, More]:
    return {place: More(calls.get(place, 0), *turned_away.get(place, (0, None))) for place in {**calls, **turned_away}}
