"""The group commit: whatever events arrive together become durable with one statement and one commit.

Each caller waits for its own commit. One connection and one task per process; it reconnects by itself. A batch whose
fate a lost connection left open is looked up by its ids before it is sent again, so that nothing is written twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

import psycopg

from audit.errors import AuditUnavailable
from audit.event_body import NewEvent
from audit.writing.event_connection import EventConnection

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
"""No durable event within this time: what waits for it is refused."""
BATCH = 2000
"""Events that one statement takes at most."""
BACKLOG = 20_000
"""Outcomes that may wait for a database that is away. The sweep closes the calls of those that found no room."""

LATE_SECONDS = 0.02
"""For how long an event that nobody waits for may stay in memory before it gets a batch of its own."""

_BATCH_SECONDS = 5.0
"""For one statement; what takes longer is tried anew, on another connection."""
_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between attempts to reconnect; the last one is repeated."""
_UNFIT = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError, psycopg.NotSupportedError)
"""Refused by a healthy database: one of the events is at fault. Every other error means: reconnect and look again."""


class _Entry(NamedTuple):
    event: NewEvent
    done: asyncio.Future[None] | None
    """What the caller waits on; None when nobody waits."""
    deadline: float

    @property
    def is_given_up(self) -> bool:
        return self.done is not None and self.done.done()

    def settle(self, refusal: AuditUnavailable | None = None) -> None:
        if self.done is None or self.done.done():
            return
        if refusal is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(refusal)


class AuditWriter:
    """Writes events durably for one event loop. `start` it in the loop, `stop` it before the loop ends."""

    def __init__(self, conninfo: str, *, patience: float = PATIENCE_SECONDS, backlog: int = BACKLOG) -> None:
        self._conninfo = conninfo
        self._patience = patience
        self._backlog = backlog
        self._queue: deque[_Entry] = deque()
        self._late: list[_Entry] = []
        """Waits for a batch to go along with."""
        self._late_timer: asyncio.TimerHandle | None = None
        self._in_flight: list[_Entry] = []
        self._is_doubtful = False
        """Some of what is in flight may be in the database already."""
        self._connection: EventConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._is_stopping = False
        self.committed_at = 0.0
        """When the last batch became durable (monotonic); zero before the first."""
        self.commits = 0
        self.events = 0

    @property
    def waiting(self) -> int:
        """Events that are not durable yet."""
        return len(self._queue) + len(self._late) + len(self._in_flight)

    async def start(self) -> None:
        """Starts writing. A database that is away is no error here: writes are refused until it is back."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._is_stopping = False
        with suppress(psycopg.Error, OSError):
            self._connection = await EventConnection.opened(self._conninfo)
        self._task = asyncio.create_task(self._run(), name="audit writer")

    async def stop(self) -> None:
        """Writes what is queued, waiting no longer than callers would, and disconnects."""
        self._is_stopping = True
        if self._late_timer is not None:
            self._late_timer.cancel()
            self._send_late()
        if self._task is not None:
            self._wake.set()
            await asyncio.wait({self._task}, timeout=self._patience)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        for entry in (*self._in_flight, *self._queue):
            entry.settle(_unavailable())
        self._in_flight, self._queue = [], deque()
        await self._disconnect()

    async def write(self, event: NewEvent) -> None:
        """Returns once the event is on disk. Raises AuditUnavailable when that takes too long.

        A caller that is cancelled or refused may still leave the event written, never twice: it then says what was
        about to happen.
        """
        if self._is_stopping or self._task is None:
            raise _unavailable()
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.append(_Entry(event, done, self._loop.time() + self._patience))
        self._wake.set()
        if self._alarm is None:
            self._alarm = self._loop.call_later(self._patience, self._refuse_late)
        await done

    def write_soon(self, event: NewEvent) -> bool:
        """Goes along with the next batch, within LATE_SECONDS; nobody waits. False when the backlog is full and it was
        dropped."""
        if len(self._queue) + len(self._late) >= self._backlog:
            log.error("Dropped the event %s of request %s: the database is away.", event.code, event.request_id)
            return False
        self._late.append(_Entry(event, None, 0.0))
        if self._late_timer is None:
            self._late_timer = self._loop.call_later(LATE_SECONDS, self._send_late)
        return True

    def _send_late(self) -> None:
        """There was no batch to go along with."""
        self._late_timer = None
        self._gather()
        if self._queue:
            self._wake.set()

    def _gather(self) -> None:
        self._queue.extend(self._late)
        self._late.clear()

    def _refuse_late(self) -> None:
        """One timer for all: refuses whoever has waited too long, and comes back for the next in line."""
        now = self._loop.time()
        waiting = [entry for entry in (*self._in_flight, *self._queue) if entry.done and not entry.is_given_up]
        for entry in waiting:
            if entry.deadline <= now:
                entry.settle(_unavailable())
        self._queue = deque(entry for entry in self._queue if not entry.is_given_up)
        remaining = [entry.deadline for entry in waiting if not entry.is_given_up]
        self._alarm = self._loop.call_at(min(remaining), self._refuse_late) if remaining else None

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                # Whatever is ready in this turn of the loop joins the batch. Nobody waits for more: what comes while
                # one batch becomes durable is the next.
                await asyncio.sleep(0)
                await self._write_batch()
            if self._is_stopping:
                return

    async def _write_batch(self) -> None:
        """Takes the next batch and stays with it until the database has it or its callers were refused."""
        self._gather()
        taken = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        self._in_flight = [entry for entry in taken if not entry.is_given_up]
        size, failures = len(self._in_flight), 0
        while self._in_flight:
            try:
                async with asyncio.timeout(_BATCH_SECONDS):
                    await self._attempt(size)
            except _UNFIT as error:
                self._is_doubtful = True
                if size == 1 and not isinstance(error, psycopg.errors.UniqueViolation):
                    self._refuse_first(error)
                size = 1  # one at a time finds the event at fault, and lets the others through
            except (psycopg.Error, OSError) as error:
                log.warning("The audit writer lost its database (%s) and reconnects.", type(error).__name__)
                await self._disconnect()
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    async def _attempt(self, size: int) -> None:
        if self._connection is None:
            self._connection = await EventConnection.opened(self._conninfo)
        if self._is_doubtful:
            await self._look_up()
        part = self._in_flight[:size]
        if not part:
            return
        self._is_doubtful = True
        await self._connection.write([entry.event for entry in part])
        self._is_doubtful = False
        self.committed_at = monotonic()
        self.commits += 1
        self.events += len(part)
        self._in_flight = self._in_flight[size:]
        for entry in part:
            entry.settle()

    async def _look_up(self) -> None:
        """Settles what the database has already; drops what nobody waits for any more and was never written."""
        assert self._connection is not None
        present = await self._connection.present([entry.event.id for entry in self._in_flight])
        for entry in self._in_flight:
            if entry.event.id in present:
                entry.settle()
        self._in_flight = [e for e in self._in_flight if e.event.id not in present and not e.is_given_up]

    def _refuse_first(self, error: psycopg.Error) -> None:
        entry, *self._in_flight = self._in_flight
        log.error("The database refused an event %s (%s).", entry.event.code, error.sqlstate)
        entry.settle(_unavailable())

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _unavailable() -> AuditUnavailable:
    return AuditUnavailable("The audit log can't be written right now, so nothing was done. Try again in a moment.")
