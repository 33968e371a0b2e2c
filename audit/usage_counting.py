"""Counts sealed calls into CallUsage: who called what with which client, how it ended, and how long it took.

A task reads seals in their order, each once: the mark moves on in the transaction that counts. Ids and the labels of
the events alone: the log knows no connectors.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
import orjson
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from audit.events import CALL_HELD, CALL_OUTCOME, CALL_REFUSED
from audit.id_ranges import AMONG, among
from audit.models import INSTALLATION, CallUsage, Mark, Seal, UsageMark
from audit.usage import BOUNDS, COUNTS, FAILED
from harriet.lib.batches import delete_some
from harriet.lib.text import storable

DAYS_KEPT = timedelta(days=32)
SEALS_AT_ONCE, EVENTS_AT_ONCE = 500, 2_000
"""In one transaction: seals of a second, or some that are full."""
MOST_EVENTS = 6_000
"""In one run of the task: what is left waits for the next, and the page says up to when calls are counted."""
MOST_ORGANIZATIONS = 500
SECONDS = 5.0
"""After which nothing is begun in this run."""
MOST_FORGOTTEN = 20_000
"""Rows of one turn."""
LONGEST_CLIENT, LONGEST_LABEL = 120, 200
_NOTHING = str(INSTALLATION)
_Of = CallUsage.Of


class _Label(msgspec.Struct):
    id: str | None = None
    label: str = ""
    kind: str = ""


class _Details(msgspec.Struct):
    origin: str = ""
    harriet_milliseconds: float | None = None
    upstream_milliseconds: float | None = None


class _Body(msgspec.Struct):
    """What of an event is counted by."""

    actor: _Label
    person: _Label | None = None
    connector: _Label | None = None
    tool: _Label | None = None
    client: str = ""
    outcome: str = ""
    details: _Details | None = None


_read = msgspec.json.Decoder(_Body).decode


class _Place(NamedTuple):
    """A row, but for its organization and its numbers."""

    of: str
    since: str
    person_id: str = _NOTHING
    connector_id: str = _NOTHING
    tool_id: str = _NOTHING
    client: str = ""


class _Numbers:
    __slots__ = ("counts", "label", "times")

    def __init__(self) -> None:
        self.label = ""
        self.counts: dict[str, int] = {}
        self.times = {"harriet": [0] * (len(BOUNDS) + 1), "upstream": [0] * (len(BOUNDS) + 1)}

    def add(self, what: str, label: str, details: _Details) -> None:
        self.label = label or self.label
        self.counts[what] = self.counts.get(what, 0) + 1
        took = (("harriet", details.harriet_milliseconds), ("upstream", details.upstream_milliseconds))
        for name, milliseconds in took:
            if milliseconds is not None:
                self.times[name][bisect_left(BOUNDS, milliseconds)] += 1
                self.counts[f"{name}_us"] = self.counts.get(f"{name}_us", 0) + round(milliseconds * 1000)


def count_usage() -> int:
    """Counts what was sealed since the last time; returns how many seals. Safe to run in many workers. Organizations
    take turns of a transaction each, who is behind longest first."""
    total, left, ends = 0, MOST_EVENTS, time.monotonic() + SECONDS
    behind = deque(_behind())
    while behind and left > 0 and time.monotonic() < ends:
        organization_id = behind.popleft()
        seals, events, is_done = _count_seals(organization_id)
        total, left = total + seals, left - events
        if not is_done:
            behind.append(organization_id)
    return total


def forget_old_usage(now: datetime) -> int:
    """What is over at once, with the day that it is of; the rest goes in the next turns."""
    return delete_some(CallUsage.objects.filter(since__lt=now - DAYS_KEPT), MOST_FORGOTTEN)


def _behind() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.organization_id FROM audit_mark m LEFT JOIN audit_usagemark u USING (organization_id)"
            " WHERE u.sequence IS NULL OR u.sequence < m.sequence ORDER BY u.counted_until NULLS FIRST LIMIT %s",
            [MOST_ORGANIZATIONS],
        )
        return [organization_id for (organization_id,) in cursor.fetchall()]


_NEXT = """SELECT sequence, event_ids, sealed_at FROM (
  SELECT sequence, event_ids, sealed_at, sum(cardinality(event_ids)) OVER (ORDER BY sequence) AS events FROM (
    SELECT sequence, event_ids, sealed_at FROM audit_seal
    WHERE organization_id = %s AND sequence > %s AND sequence <= %s ORDER BY sequence LIMIT %s) ahead) summed
WHERE events - cardinality(event_ids) < %s ORDER BY sequence"""
"""As many seals as hold so many events."""


@transaction.atomic
def _count_seals(organization_id: UUID) -> tuple[int, int, bool]:
    """How many seals, how many events of them, and whether nothing is left that this run can count."""
    mark = _mark_of(organization_id)
    end = Mark.objects.filter(pk=organization_id).values_list("sequence", flat=True).first() or 0
    if mark is None:
        return 0, 0, True
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [organization_id, mark.sequence, end, SEALS_AT_ONCE, EVENTS_AT_ONCE])
        seals = cursor.fetchall()
        ids = [event_id for _, event_ids, _ in seals for event_id in event_ids]
        if ids:
            _add(cursor, organization_id, _counted(cursor, ids))
    if seals:
        mark.sequence, _, mark.counted_until = seals[-1]
        mark.save(update_fields=["sequence", "counted_until"])
    return len(seals), len(ids), not seals or mark.sequence >= end


def _mark_of(organization_id: UUID) -> UsageMark | None:
    """Locked; None while somebody else counts. What is older than what is kept is not counted at all."""
    if not UsageMark.objects.filter(pk=organization_id).exists():
        since = datetime.now(UTC) - DAYS_KEPT
        old = Seal.objects.filter(organization_id=organization_id, sealed_at__lt=since)
        first = old.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        row = UsageMark(organization_id=organization_id, sequence=first, counted_until=since)
        UsageMark.objects.bulk_create([row], ignore_conflicts=True)
    return UsageMark.objects.select_for_update(skip_locked=True).filter(pk=organization_id).first()


def _counted(cursor: CursorWrapper, ids: list[UUID]) -> dict[_Place, _Numbers]:
    cursor.execute(
        f"SELECT code, outcome, recorded_at, body FROM audit_event WHERE {AMONG}"  # noqa: S608 (no input)
        " AND code = ANY(%s) AND isfinite(recorded_at)",
        [*among([str(event_id) for event_id in ids]), [CALL_OUTCOME, CALL_REFUSED, CALL_HELD]],
    )
    numbers: dict[_Place, _Numbers] = {}
    for code, outcome, at, text in cursor.fetchall():
        body = _read(text)
        what = _what(code, outcome, body)
        for place, label in _places(at.astimezone(UTC), body):
            found = numbers.get(place)
            if found is None:
                found = numbers[place] = _Numbers()
            found.add(what, label, body.details or _Details())
    return numbers


def _what(code: str, outcome: str, body: _Body) -> str:
    """The column. Events from before there were origins are laid to whom their outcome means."""
    if code != CALL_OUTCOME:
        return "held" if code == CALL_HELD else "refused"
    if outcome == "ok":
        return "succeeded"
    by_outcome = {"cancelled": "caller", "unknown": "harriet"}
    origin = (body.details.origin if body.details is not None else "") or by_outcome.get(outcome, "upstream")
    return FAILED.get(origin, "of_upstream")


def _places(at: datetime, body: _Body) -> Iterator[tuple[_Place, str]]:
    """Each row that the event counts in, with what it is called there."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0).isoformat()
    person = body.person or (body.actor if body.actor.kind == "person" else None)
    client = _text(body.client, LONGEST_CLIENT)
    yield _Place(_Of.HOUR.value, hour.isoformat()), ""
    if person is not None and person.id:
        yield _Place(_Of.PERSON.value, day, person_id=person.id), person.label
    if body.connector is not None and body.connector.id:
        yield _Place(_Of.CONNECTOR.value, day, connector_id=body.connector.id), body.connector.label
    if body.tool is not None and body.tool.id and body.connector is not None:
        connector_id = body.connector.id or _NOTHING
        yield _Place(_Of.TOOL.value, day, connector_id=connector_id, tool_id=body.tool.id), body.tool.label
    yield _Place(_Of.CLIENT.value, day, client=client), client
    ids = (_id(person), _id(body.connector), _id(body.tool))
    yield _Place(_Of.EACH.value, day, *ids, client), ""


def _id(label: _Label | None) -> str:
    return (label.id or _NOTHING) if label is not None else _NOTHING


def _text(said: str, longest: int) -> str:
    """As the database keeps it: a client's word for itself may hold anything."""
    return storable(said)[:longest]


_TIMES = ("harriet_times", "upstream_times")
_SUMMED = ", ".join(f"{name} = u.{name} + excluded.{name}" for name in COUNTS)
_ADD = (
    "{0} = (SELECT array_agg(COALESCE(a, 0) + COALESCE(b, 0) ORDER BY n)"
    " FROM unnest(u.{0}, excluded.{0}) WITH ORDINALITY AS z (a, b, n))"
)
_ADDED = ", ".join(_ADD.format(name) for name in _TIMES)
_COLUMNS = ("of", "since", "person_id", "connector_id", "tool_id", "client", "label", *COUNTS, *_TIMES)
_TYPES = ("text", "timestamptz", "uuid", "uuid", "uuid", "text", "text", *["bigint"] * len(COUNTS), *["int[]"] * 2)
_INSERT = f"""INSERT INTO audit_callusage AS u (organization_id, {", ".join(_COLUMNS)})
SELECT %s, {", ".join(_COLUMNS)} FROM jsonb_to_recordset(%s::jsonb)
AS t ({", ".join(f"{name} {kind}" for name, kind in zip(_COLUMNS, _TYPES, strict=True))})
ON CONFLICT (organization_id, of, since, person_id, tool_id, connector_id, client)
DO UPDATE SET label = excluded.label, {_SUMMED}, {_ADDED}"""  # noqa: S608 (no input)


def _add(cursor: CursorWrapper, organization_id: UUID, numbers: dict[_Place, _Numbers]) -> None:
    if numbers:
        rows = orjson.dumps([_row(place, numbers[place]) for place in sorted(numbers)]).decode()
        cursor.execute(_INSERT, [organization_id, rows])


def _row(place: _Place, numbers: _Numbers) -> dict[str, object]:
    counts = {name: numbers.counts.get(name, 0) for name in COUNTS}
    times = {f"{name}_times": list(times) for name, times in numbers.times.items()}
    return {**place._asdict(), "label": _text(numbers.label, LONGEST_LABEL), **counts, **times}
