"""Verifies a range of one chain: what a verification of all finds in it, with the memory and the time of the range.

Seals divide the log: each is in one range. Events are looked at twice: with the seal that holds them, and by the time
of their recording, of which each moment is in one range as well, for whether a seal holds them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from audit.chain.seals import SEALED_AT, StoredSeal, is_ours
from audit.models import Seal, SetAside, Unsealed
from audit.stored_event import COLUMNS, StoredEvent, complaint
from audit.verification.faults import Faults
from audit.verification.place import Position
from audit.verification.unsealed_events import (
    MOST_LOST,
    foreign_words,
    lost_words,
    set_aside_words,
    streamed,
    twice_words,
)
from audit.verification.walk import KnownSeal, Walk
from harriet.lib.batches import in_batches
from harriet.lib.microseconds import moment_at

_AT_ONCE = 20_000
"""Events that are looked for in seals elsewhere at a time."""
_SOON, _CLOCK_STEP = timedelta(minutes=2), timedelta(minutes=5)
"""In between most events are sealed; how far the database's clock may have been set back between event and seal."""
_LATE = "audit_first_id((sealed_at - interval '1 minute') AT TIME ZONE 'UTC')"
"""Ids less than this were made long before the seal that holds them."""
_FOREVER = "infinity"


@dataclass(slots=True)
class Ranged:
    """What was found in a range."""

    end: Position
    is_cut: bool
    """There is more of it, for the next turn."""
    events: int
    faults: Faults
    foreign: int
    """How many of the faults are only rows in no seal that Harriet did not write."""
    began: int | None
    """When the first event of it was recorded (microseconds since 1970)."""
    lost: list[UUID] = field(default_factory=list)
    """Harriet's own events that no seal holds and that wait for none: they can still be sealed."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a range ends at the latest."""

    most: int
    """Events and seals that are read, and a chunk at most."""
    until: int
    """Events recorded later may still wait for their seal (microseconds since 1970)."""
    sure: int
    """Harriet makes no more seals with numbers up to this one."""
    goal: Position | None = None
    """A place behind a seal that was verified already; without it, the end of the chain."""


def verify_range(organization_id: UUID, begin: Position, bounds: Bounds, known: list[KnownSeal]) -> Ranged:
    """Goes on from `begin`, behind what is wrong. `known` are seals that were there once."""
    faults, goal = Faults(), bounds.goal
    _check_begin(organization_id, begin, faults)
    if goal is not None and goal.sequence:
        known = [*known, KnownSeal(goal.sequence, bytes.fromhex(goal.link), "a verification has seen it")]
    walk = Walk(organization_id, faults, known, sequence=begin.sequence, head=bytes.fromhex(begin.link))
    walk.seen, walk.most, walk.last = begin.seen, bounds.most, goal.sequence if goal is not None else None
    walk.run()
    until = bounds.until if goal is None else goal.until
    if walk.is_cut:
        until = min(until, walk.sealed_at, walk.recorded_at)
    end = Position(walk.sequence, walk.head.hex(), _seen(walk, bounds), max(until, begin.until))
    found = Ranged(end, walk.is_cut, walk.events, faults, 0, walk.began)
    first = max(begin.sequence, begin.seen)
    if walk.events:
        _check_once_each(organization_id, first, walk, faults)
        _check_set_aside(organization_id, first, walk, faults)
    _check_sealed(organization_id, _sql_moment(begin.until), _sql_moment(end.until), (first, walk), found)
    return found


def _seen(walk: Walk, bounds: Bounds) -> int:
    """Others' seals are read once, but for those behind which Harriet may still make some."""
    seen = min(walk.seen, bounds.sure if bounds.goal is None else bounds.goal.sequence)
    return seen if seen > walk.sequence or (seen < 0 and not walk.sequence) else 0


def check_future(organization_id: UUID, until: int) -> Faults:
    """No range comes to what says that it was recorded after now."""
    found = Ranged(Position(), False, 0, Faults(), 0, None)
    walk = Walk(organization_id, found.faults, [])
    _check_sealed(organization_id, _sql_moment(until), _FOREVER, (0, walk), found)
    return found.faults


def _check_begin(organization_id: UUID, begin: Position, faults: Faults) -> None:
    """The seal behind which the range begins was verified. Somebody may have removed it since, with all after it."""
    if not begin.sequence:
        return
    seal = Seal.objects.filter(organization_id=organization_id, sequence=begin.sequence).only("link").first()
    if seal is None:
        faults.add(f"Seal {begin.sequence} is missing: it was there and was verified.", begin.sequence)
    elif bytes(seal.link).hex() != begin.link:
        faults.add(f"Seal {begin.sequence} is another one now: it was verified as it was.", begin.sequence)


_WALKED = (
    "audit_seal WHERE organization_id = %(organization)s AND sequence > %(first)s AND sequence <= %(last)s"
    " AND NOT id = ANY(%(foreign)s::uuid[])"
)


def _values(organization_id: UUID, first: int, walk: Walk) -> dict[str, Any]:
    return {"organization": organization_id, "first": first, "last": walk.sequence, "foreign": walk.foreign}


def _check_once_each(organization_id: UUID, first: int, walk: Walk, faults: Faults) -> None:
    """In this range, shortly before it, and, where an event came late to its seal, since the event."""
    values = _values(organization_id, first, walk)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(sealed_at), (SELECT id FROM (SELECT sealed_at, event_ids,"  # noqa: S608 (no input)
            f" {_LATE} AS soonest FROM {_WALKED} OFFSET 0) s, unnest(event_ids) AS id WHERE id < soonest"
            " ORDER BY id LIMIT 1)"
            f" FROM {_WALKED}",
            values,
        )
        began, earliest = cursor.fetchone()
    if began is None:
        return
    since = min(began, _made_at(earliest) if earliest is not None else began) - _SOON
    twice = streamed(
        "SELECT event_id FROM (SELECT unnest(event_ids) AS event_id, sequence FROM audit_seal"
        " WHERE organization_id = %(organization)s AND sealed_at >= %(since)s AND sequence <= %(last)s) held"
        " GROUP BY 1 HAVING count(*) > 1 AND max(sequence) > %(first)s ORDER BY 1",
        {**values, "since": since},
    )
    for ids in in_batches((str(event_id) for (event_id,) in twice), _AT_ONCE):
        held = _held(organization_id, ids, since, None)
        for event_id in ids:
            if held[event_id] > 1:
                faults.add(twice_words(event_id, held[event_id]), event_id=event_id)


def _made_at(event_id: UUID) -> datetime:
    return moment_at((event_id.int >> 80) * 1000)


def _check_set_aside(organization_id: UUID, first: int, walk: Walk, faults: Faults) -> None:
    if not SetAside.objects.exists():
        return
    rows = streamed(
        f"SELECT {COLUMNS} FROM audit_event WHERE id IN (SELECT event_id FROM audit_setaside"  # noqa: S608 (no input)
        f" WHERE event_id IN (SELECT unnest(event_ids) FROM {_WALKED})) ORDER BY id",
        _values(organization_id, first, walk),
    )
    for event in map(StoredEvent._make, rows):
        if not complaint(event, str(organization_id)):
            faults.add(set_aside_words(event.id), event_id=event.id)


def _check_sealed(organization_id: UUID, since: str, until: str, walked: tuple[int, Walk], found: Ranged) -> None:
    """Events recorded in this time that no seal of the range holds: nearly all are in the next one."""
    rows = streamed(
        f"SELECT {COLUMNS} FROM audit_event e WHERE organization_id = %(organization)s"  # noqa: S608 (no input)
        " AND recorded_at > %(since)s::timestamptz AND recorded_at <= %(until)s::timestamptz"
        f" AND NOT EXISTS (SELECT 1 FROM (SELECT unnest(event_ids) AS id FROM {_WALKED}) s WHERE s.id = e.id)"
        " ORDER BY recorded_at, id",
        {**_values(organization_id, *walked), "since": since, "until": until},
    )
    for events in in_batches(_own(map(StoredEvent._make, rows), organization_id, found), _AT_ONCE):
        _check_held(organization_id, dict(events), found)


def _own(events: Iterable[StoredEvent], organization_id: UUID, found: Ranged) -> Iterator[tuple[str, int]]:
    """Ids and times of those that Harriet wrote; the others are told."""
    for event in events:
        if wrong := complaint(event, str(organization_id)):
            found.faults.add(foreign_words(event.id, wrong), event_id=event.id)
            found.foreign += 1
        else:
            yield event.id, event.recorded_at


def _check_held(organization_id: UUID, recorded_at: dict[str, int], found: Ranged) -> None:
    """Events by their ids are in another seal, or on their way to one, or lost."""
    left, times = list(recorded_at), recorded_at.values()
    since = moment_at(min(times)) - _CLOCK_STEP
    for until in (moment_at(max(times)) + _SOON, None):
        held = _held(organization_id, left, since, until) if left else Counter()
        left = [event_id for event_id in left if not held[event_id]]
    queued = set(Unsealed.objects.filter(pk__in=left).values_list("pk", flat=True)) if left else set()
    lost = [event_id for event_id in left if UUID(event_id) not in queued]
    aside = set(SetAside.objects.filter(pk__in=lost).values_list("pk", flat=True)) if lost else set()
    for event_id in lost:
        found.faults.add(lost_words(event_id), event_id=event_id)
        if UUID(event_id) in aside:
            found.faults.add(set_aside_words(event_id), event_id=event_id)
    found.lost += [UUID(event_id) for event_id in lost[: MOST_LOST - len(found.lost)]]


def _held(organization_id: UUID, ids: list[str], since: datetime, until: datetime | None) -> Counter[str]:
    """How often seals of Harriet's from this time hold each of the events. None is no bound."""
    held: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, sequence, algorithm, previous, root, link, mac, cardinality(event_ids),"  # noqa: S608 (no input)
            f" {SEALED_AT}, ARRAY(SELECT x::text FROM unnest(event_ids) AS x WHERE x = ANY(%(ids)s::uuid[]))"
            " FROM audit_seal WHERE organization_id = %(organization)s AND sealed_at >= %(since)s"
            " AND sealed_at <= coalesce(%(until)s, 'infinity'::timestamptz)"
            " AND EXISTS (SELECT 1 FROM unnest(event_ids) AS x WHERE x = ANY(%(ids)s::uuid[]))",
            {"organization": organization_id, "ids": ids, "since": since, "until": until},
        )
        for *columns, names in cursor:
            if is_ours(organization_id, StoredSeal._make(columns)):
                held.update(names)
    return held


def _sql_moment(microseconds: int) -> str:
    return moment_at(microseconds).isoformat() if microseconds else "-infinity"
