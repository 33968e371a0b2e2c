"""What the walk along the chain doesn't see: events in no seal, events in two, and rows that were set aside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from audit.id_ranges import AMONG, among
from audit.models import SetAside
from audit.stored_event import COLUMNS, StoredEvent, complaint
from audit.unfinished_calls import OpenCalls
from audit.verification.faults import Faults
from harriet.lib.batches import in_batches

GRACE_SECONDS = 60
"""An event older than this and in no seal is a fault: sealing runs every second."""
MOST_LOST = 1000
"""That one verification has sealed."""
_AT_ONCE = 1000
"""Rows in no seal that are read together."""


@dataclass(slots=True)
class UnsealedEvents:
    """Events in no seal."""

    waiting: int = 0
    """Of the last minute."""
    overdue: Faults = field(default_factory=Faults)
    lost: Faults = field(default_factory=Faults)
    foreign: Faults = field(default_factory=Faults)
    lost_ids: list[UUID] = field(default_factory=list)
    calls: OpenCalls = field(default_factory=OpenCalls)
    began: int | None = None
    """When the first of Harriet's own was recorded (microseconds since 1970)."""


def find_unsealed(organization_id: UUID, foreign_seals: list[UUID], patience: float) -> UnsealedEvents:
    """The newest events wait for their seal; what waits for long does so for a reason that somebody has to find.

    `patience`: seconds that an event committed late gets to be sealed before it counts as a fault.
    """
    until = time.monotonic() + patience
    while True:
        found = _looked(organization_id, foreign_seals)
        if not found.overdue.count or time.monotonic() >= until:
            return found
        time.sleep(0.5)


def _looked(organization_id: UUID, foreign_seals: list[UUID]) -> UnsealedEvents:
    found, organization = UnsealedEvents(), str(organization_id)
    for event, is_late, is_queued in _unsealed(organization_id, foreign_seals):
        event_id = event.id
        if wrong := complaint(event, organization):
            found.foreign.add(foreign_words(event_id, wrong), event_id=event_id)
            continue
        found.calls.add(event.request_id, event.code)
        found.began = event.recorded_at if found.began is None else min(found.began, event.recorded_at)
        if not is_late:
            found.waiting += 1
        elif is_queued:
            found.overdue.add(overdue_words(event_id), event_id=event_id)
        else:
            found.lost.add(lost_words(event_id), event_id=event_id)
            found.lost_ids += [UUID(event_id)] if len(found.lost_ids) < MOST_LOST else []
    return found


class _Unsealed(NamedTuple):
    """An event in no seal of ours."""

    event: StoredEvent
    is_late: bool
    """It should have been sealed by now."""
    is_queued: bool
    """It stands in the sealer's queue."""


def _unsealed(organization_id: UUID, foreign_seals: list[UUID]) -> Iterator[_Unsealed]:
    """In the order of their ids. The ids are compared first, millions with millions; of the few that are left, the rows
    are read. What waits in the queue is asked together with the ids: meanwhile it may be sealed."""
    found = streamed(
        "SELECT e.id::text, EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.event_id = e.id) FROM ("
        "SELECT id FROM audit_event WHERE organization_id = %s EXCEPT"
        " SELECT unnest(event_ids) FROM audit_seal WHERE organization_id = %s AND NOT id = ANY(%s::uuid[])"
        ") e ORDER BY e.id",
        [organization_id, organization_id, foreign_seals],
    )
    for some in in_batches(found, _AT_ONCE):
        is_queued = dict(some)
        for *columns, is_late in _rows_of(list(is_queued)):
            event = StoredEvent._make(columns)
            yield _Unsealed(event, is_late, is_queued[event.id])


def _rows_of(ids: list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS}, recorded_at < now() - make_interval(secs => %s) FROM audit_event"  # noqa: S608
            f" WHERE {AMONG} ORDER BY id",
            [GRACE_SECONDS, *among(ids)],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def first_recorded(organization_id: UUID) -> int | None:
    """When the first event that Harriet wrote was recorded, sealed or not; of the first rows that there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM audit_event WHERE organization_id = %s"  # noqa: S608 (no input)
            " ORDER BY recorded_at LIMIT %s",
            [organization_id, MOST_LOST],
        )
        events = map(StoredEvent._make, cursor.fetchall())
    return next((event.recorded_at for event in events if not complaint(event, str(organization_id))), None)


def streamed(query: str, values: list[Any] | dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Row by row, in the memory of a few thousand. The planner would look up each of millions, because it thinks of a
    cursor that only its first rows are wanted, and of an array that it holds ten."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL cursor_tuple_fraction = 1; SET LOCAL enable_nestloop = off")
        with connection.chunked_cursor() as cursor:
            cursor.execute(query, values)
            while rows := cursor.fetchmany(2000):
                yield from rows


def check_once_each(organization_id: UUID, foreign_seals: list[UUID], faults: Faults) -> None:
    twice = streamed(
        "SELECT event_id, count(*) FROM (SELECT unnest(event_ids) AS event_id FROM audit_seal"
        " WHERE organization_id = %s AND NOT id = ANY(%s::uuid[])) held GROUP BY 1 HAVING count(*) > 1 ORDER BY 1",
        [organization_id, foreign_seals],
    )
    for event_id, times in twice:
        faults.add(twice_words(event_id, times), event_id=str(event_id))


def check_set_aside(organization_id: UUID, faults: Faults) -> None:
    """What is set aside counts for nothing: somebody might hide an event that way."""
    if not SetAside.objects.exists():
        return
    rows = streamed(
        f"SELECT {COLUMNS} FROM audit_event WHERE organization_id = %s"  # noqa: S608
        " AND id IN (SELECT event_id FROM audit_setaside) ORDER BY id",
        [organization_id],
    )
    for event in map(StoredEvent._make, rows):
        if not complaint(event, str(organization_id)):
            faults.add(set_aside_words(event.id), event_id=event.id)


def set_aside_words(event_id: str) -> str:
    return f"The event {event_id} was set aside by somebody, although Harriet wrote it."


def foreign_words(event_id: str, wrong: str) -> str:
    return f"The event {event_id}, in no seal, {wrong}."


def lost_words(event_id: str) -> str:
    return f"No seal holds the event {event_id}, and it is no longer waiting for one."


def overdue_words(event_id: str) -> str:
    return f"The event {event_id} has waited for its seal for over a minute. Is a Celery worker running?"


def twice_words(event_id: str, times: int) -> str:
    return f"The event {event_id} is sealed {times} times."
