"""Verification: every link, every event, every column against what was signed, each event sealed exactly once.

Reads in the order of the chain and stops at the first thing that is wrong. Streams: memory stays the same however
long the log is. The rows that it reads never change, so it needs no snapshot while the log goes on growing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from audit import chain
from audit.closing import unfinished_intents
from audit.examine import COLUMNS, Row, complaint
from audit.models import Checkpoint
from audit.sealing import MICROSECONDS

GRACE_SECONDS = 60
"""An event older than this and in no seal is a fault: sealing runs every second."""
_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing found wrong."""

    sentence: str
    sequence: int | None = None
    event_id: str | None = None


@dataclass(slots=True)
class Verification:
    organization_id: UUID
    seals: int = 0
    events: int = 0
    waiting: int = 0
    """Events of the last minute that no seal holds yet."""
    head: bytes = chain.START
    orphans: list[UUID] = field(default_factory=list)
    """Intents without an outcome; the sweep will close them."""
    fault: Fault | None = None

    @property
    def is_sound(self) -> bool:
        return self.fault is None


class _Broken(Exception):
    def __init__(self, sentence: str, sequence: int | None = None, event_id: str | None = None) -> None:
        super().__init__(sentence)
        self.fault = Fault(sentence, sequence, event_id)


def verify(organization_id: UUID, *, patience: float = 3.0) -> Verification:
    """Checks all that was ever recorded for one organization, and remembers what it found as a Checkpoint.

    `patience`: seconds that an event committed late gets to be sealed before it counts as a fault.
    """
    found = Verification(organization_id)
    try:
        _walk(found)
        _check_once_each(organization_id)
        _check_unsealed(found, patience)
    except _Broken as broken:
        found.fault = broken.fault
    _remember(found)
    found.orphans = unfinished_intents(organization_id)
    return found


def organizations() -> list[UUID]:
    """Every organization that has ever had an event or a seal."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organization_id FROM audit_event UNION SELECT organization_id FROM audit_seal"
            " UNION SELECT organization_id FROM audit_checkpoint ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class _Seal:
    id: UUID
    sequence: int
    algorithm: str
    previous: bytes
    event_ids: list[str]
    root: bytes
    link: bytes
    mac: bytes
    sealed_at: int


def _walk(found: Verification) -> None:
    """Follows the chain from its first seal and leaves the head in `found`."""
    promised = _last_checkpoint(found.organization_id)
    for seals in _chunks(_seals(found.organization_id)):
        rows = _rows([event_id for seal in seals for event_id in seal.event_ids])
        for seal in seals:
            _check_link(found, seal)
            _check_events(found, seal, rows)
            if promised and promised.sequence == seal.sequence and bytes(promised.link) != seal.link:
                raise _Broken(
                    f"Seal {seal.sequence} is not the one that was verified on {promised.verified_at:%Y-%m-%d %H:%M}.",
                    sequence=seal.sequence,
                )
            found.head, found.seals = seal.link, seal.sequence
            found.events += len(seal.event_ids)
    if promised and promised.sequence > found.seals:
        raise _Broken(
            f"The chain ends at seal {found.seals}, but on {promised.verified_at:%Y-%m-%d %H:%M} "
            f"it was verified up to seal {promised.sequence}.",
            sequence=promised.sequence,
        )


def _last_checkpoint(organization_id: UUID) -> Checkpoint | None:
    held = Checkpoint.objects.filter(organization_id=organization_id, fault="")
    return held.order_by("-sequence").first()


def _seals(organization_id: UUID) -> Iterator[_Seal]:
    last: tuple[int, UUID] | None = None
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, sequence, algorithm, previous, event_ids::text[], root, link, mac, {_SEALED_AT}"  # noqa: S608
                " FROM audit_seal WHERE organization_id = %s AND (sequence, id) > (%s, %s)"
                " ORDER BY sequence, id LIMIT 50",
                [organization_id, *(last or (-(2**63), UUID(int=0)))],
            )
            rows = cursor.fetchall()
        for id, sequence, algorithm, previous, event_ids, root, link, mac, sealed_at in rows:
            hashes = (bytes(previous), event_ids, bytes(root), bytes(link), bytes(mac))
            yield _Seal(id, sequence, algorithm, *hashes, sealed_at)
        if not rows:
            return
        last = (rows[-1][1], rows[-1][0])


_SEALED_AT = MICROSECONDS.format("sealed_at")
_RECORDED_AT = MICROSECONDS.format("recorded_at")


def _chunks(seals: Iterator[_Seal]) -> Iterator[list[_Seal]]:
    """Seals together with about _CHUNK events, so that quiet hours cost no query per second of theirs."""
    chunk: list[_Seal] = []
    size = 0
    for seal in seals:
        chunk.append(seal)
        size += len(seal.event_ids) + 1
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _rows(event_ids: list[str]) -> dict[str, Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS}, {_RECORDED_AT} FROM audit_event WHERE id = ANY(%s::uuid[])",  # noqa: S608
            ["{" + ",".join(event_ids) + "}"],  # psycopg would look at each id for characters to quote
        )
        return {row[0]: row for row in cursor.fetchall()}


def _check_link(found: Verification, seal: _Seal) -> None:
    expected = found.seals + 1
    complaint = ""
    if seal.sequence != expected:
        complaint = f"Seal {expected} is missing: after seal {found.seals} comes seal {seal.sequence}."
    elif seal.algorithm != chain.ALGORITHM:
        complaint = f"Seal {seal.sequence} names an unknown algorithm."
    elif seal.previous != found.head:
        complaint = f"Seal {seal.sequence} doesn't continue the seal before it."
    elif not seal.event_ids:
        complaint = f"Seal {seal.sequence} holds no event."
    elif not _is_link_right(found.organization_id, seal):
        complaint = f"Seal {seal.sequence} has been changed: its hash doesn't fit its content."
    elif chain.seal_mac(seal.id, seal.sealed_at, seal.link) != seal.mac:
        complaint = f"Seal {seal.sequence} wasn't made by this installation, or has been changed: its MAC doesn't fit."
    if complaint:
        raise _Broken(complaint, expected)


def _is_link_right(organization_id: UUID, seal: _Seal) -> bool:
    made = chain.link(organization_id, seal.sequence, seal.previous, seal.root, len(seal.event_ids))
    return made == seal.link


def _check_events(found: Verification, seal: _Seal, rows: dict[str, Row]) -> None:
    organization, leaves = str(found.organization_id), []
    for event_id in seal.event_ids:
        row = rows.get(event_id)
        if row is None:
            raise _Broken(f"The event {event_id} of seal {seal.sequence} is missing.", seal.sequence, event_id)
        if wrong := complaint(row, organization):
            raise _Broken(f"The event {event_id} of seal {seal.sequence} {wrong}.", seal.sequence, event_id)
        leaves.append(chain.leaf(bytes.fromhex(event_id.replace("-", "")), row[9].encode(), bytes(row[10]), row[11]))
    if chain.root(leaves) != seal.root:
        raise _Broken(
            f"The events of seal {seal.sequence} are not the ones that were sealed, or not in their order.",
            sequence=seal.sequence,
        )


def _check_once_each(organization_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_id, count(*) FROM audit_seal, unnest(event_ids) AS event_id"
            " WHERE organization_id = %s GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1",
            [organization_id],
        )
        if row := cursor.fetchone():
            raise _Broken(f"The event {row[0]} is sealed {row[1]} times.", event_id=str(row[0]))


def _check_unsealed(found: Verification, patience: float) -> None:
    """The newest events wait for their seal; what waits for long does so for a reason that somebody has to find."""
    until = time.monotonic() + patience
    organization = str(found.organization_id)
    while True:
        rows = _unsealed(found.organization_id)
        for row in rows:
            if wrong := complaint(row, organization):
                raise _Broken(f"The event {row[0]}, not sealed yet, {wrong}.", event_id=row[0])
        late = next((row for row in rows if row[12]), None)
        if late is None:
            found.waiting = len(rows)
            return
        if not late[13]:
            raise _Broken(f"No seal holds the event {late[0]}, and it is no longer waiting for one.", event_id=late[0])
        if time.monotonic() >= until:
            raise _Broken(
                f"The event {late[0]} has waited for its seal for over a minute. Is a Celery worker running?",
                event_id=late[0],
            )
        time.sleep(0.5)


def _unsealed(organization_id: UUID) -> list[Row]:
    """Events in no seal; row[12]: should have been sealed by now; row[13]: stands in the sealer's queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS}, {_RECORDED_AT}, recorded_at < now() - make_interval(secs => %s),"  # noqa: S608
            " EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.event_id = e.id) FROM audit_event e"
            " WHERE organization_id = %s AND NOT EXISTS ("
            " SELECT 1 FROM (SELECT unnest(event_ids) AS id FROM audit_seal WHERE organization_id = %s) s"
            " WHERE s.id = e.id) ORDER BY recorded_at, id LIMIT 20000",
            [GRACE_SECONDS, organization_id, organization_id],
        )
        return list(cursor.fetchall())


def _remember(found: Verification) -> None:
    Checkpoint.objects.create(
        organization_id=found.organization_id,
        sequence=found.seals,
        link=found.head,
        events=found.events,
        fault=found.fault.sentence if found.fault else "",
    )
