"""Sealing: links the committed events that no seal holds yet, in batches. Nobody waits for it.

What isn't Harriet's is never linked: a row whose MAC doesn't fit is set aside, a seal whose MAC doesn't fit is passed
over, and the chain goes on. A turn is bounded, whatever waits.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from audit.actor import SYSTEM
from audit.call_counts import add_calls
from audit.chain import hashes
from audit.chain.marks import ChainEnd, head_of, write_mark
from audit.chain.seals import count_after, free_sequence
from audit.chain.set_aside import ForeignRow, set_aside, tell_of_mending
from audit.database.each_organization import organizations_in
from audit.events import AuditSealedLate
from audit.id_ranges import AMONG, among
from audit.record import record
from audit.stored_event import COLUMNS, MICROSECONDS, StoredEvent, complaint
from harriet.lib.ids import new_id

log = logging.getLogger(__name__)

BATCH = 1000
"""Events of one seal at most."""
MOST_BATCHES = 50
"""Of one organization in one turn: nobody's flood keeps the others waiting."""
MOST_ORGANIZATIONS = 5000
"""In one turn."""


def seal_everything() -> int:
    """Seals what waits, organization by organization; returns how many events. Safe to run in many workers."""
    with connection.cursor() as cursor:
        organizations = organizations_in(cursor, "audit_unsealed", MOST_ORGANIZATIONS)
    return sum(seal_organization(organization_id) for organization_id in organizations)


def seal_organization(organization_id: UUID) -> int:
    """Seals until nothing waits, until another worker is found at it, or until the turn is over."""
    total = 0
    for _ in range(MOST_BATCHES):
        taken, sealed = _seal_batch(organization_id)
        total += sealed
        if taken < BATCH:
            break
    return total


def make_mark(organization_id: UUID) -> None:
    """For a chain from the time before there were marks."""
    with transaction.atomic(), connection.cursor() as cursor:
        if _is_ours(cursor, organization_id):
            head = head_of(cursor, organization_id)
            if head.end.sequence:
                write_mark(cursor, organization_id, head.end)


def seal_late(organization_id: UUID, event_ids: list[UUID]) -> int:
    """Seals Harriet's own events that somebody took out of the queue, and says so."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not event_ids or not _is_ours(cursor, organization_id):
            return 0
        own, _ = _sorted_out(cursor, organization_id, event_ids)
        if own:
            end = _sealed(cursor, organization_id, head_of(cursor, organization_id).end, own)
            write_mark(cursor, organization_id, end)
            log.error("%d events of organization %s were not in the sealer's queue.", len(own), organization_id)
            record(AuditSealedLate(count=len(own)), organization_id=organization_id, actor=SYSTEM)
    return len(own)


def _seal_batch(organization_id: UUID) -> tuple[int, int]:
    """How many were taken from the queue, and how many of them are sealed now."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _is_ours(cursor, organization_id):
            return 0, 0
        waiting = _waiting(cursor, organization_id)
        if not waiting:
            return 0, 0
        head = head_of(cursor, organization_id)
        own, wrong = _sorted_out(cursor, organization_id, waiting)
        end = _sealed(cursor, organization_id, head.end, own) if own else head.end
        if end.sequence:
            write_mark(cursor, organization_id, end)
        if wrong:
            set_aside(cursor, organization_id, wrong, has_chain=end.sequence > 0)
        if head.mended or head.forged:
            tell_of_mending(organization_id, head.mended, head.forged)
        cursor.execute("DELETE FROM audit_unsealed WHERE event_id = ANY(%s)", [waiting])
    return len(waiting), len(own)


def wait_for_turn(cursor: CursorWrapper, organization_id: UUID) -> None:
    """From here to the end of the transaction, nothing of the organization is sealed by others."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_turn(organization_id)])


def _is_ours(cursor: CursorWrapper, organization_id: UUID) -> bool:
    """One sealer per organization at a time; the lock ends with the transaction, after its rows are visible."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [_turn(organization_id)])
    return bool(cursor.fetchone()[0])


def _turn(organization_id: UUID) -> str:
    return f"harriet-audit-seal:{organization_id}"


def _waiting(cursor: CursorWrapper, organization_id: UUID) -> list[UUID]:
    cursor.execute(
        "SELECT event_id FROM audit_unsealed WHERE organization_id = %s ORDER BY event_id LIMIT %s",
        [organization_id, BATCH],
    )
    return [event_id for (event_id,) in cursor.fetchall()]


def _sorted_out(
    cursor: CursorWrapper, organization_id: UUID, event_ids: list[UUID]
) -> tuple[list[StoredEvent], list[ForeignRow]]:
    """The events in the order in which they are sealed; and those that Harriet did not write."""
    cursor.execute(
        f"SELECT {COLUMNS} FROM audit_event WHERE {AMONG} ORDER BY id",  # noqa: S608 (no input)
        among([str(event_id) for event_id in event_ids]),
    )
    own: list[StoredEvent] = []
    wrong: list[ForeignRow] = []
    organization = str(organization_id)
    for event in map(StoredEvent._make, cursor.fetchall()):
        if why := complaint(event, organization):
            wrong.append(ForeignRow(event.id, why))
        else:
            own.append(event)
    return own, wrong


def _leaf(event: StoredEvent) -> bytes:
    return hashes.leaf(UUID(event.id).bytes, event.body.encode(), event.mac, event.recorded_at)


def _sealed(cursor: CursorWrapper, organization_id: UUID, end: ChainEnd, own: list[StoredEvent]) -> ChainEnd:
    """Makes the seal and counts its calls; returns how far the chain goes now."""
    # Not now(): that is when the transaction began, and events may have come since.
    cursor.execute(f"SELECT t, {MICROSECONDS.format('t')} FROM clock_timestamp() AS t")  # noqa: S608 (no input)
    sealed_at, micros = cursor.fetchone()
    sequence, seal_id = free_sequence(cursor, organization_id, end.sequence), new_id()
    root = hashes.root([_leaf(event) for event in own])
    link = hashes.link(organization_id, sequence, end.link, root, len(own))
    mac = hashes.seal_mac(seal_id, micros, link)
    cursor.execute(
        "INSERT INTO audit_seal"
        " (id, organization_id, sequence, algorithm, previous, event_ids, root, link, mac, sealed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s::uuid[], %s, %s, %s, %s)",
        [
            seal_id,
            organization_id,
            sequence,
            hashes.ALGORITHM,
            end.link,
            [event.id for event in own],
            root,
            link,
            mac,
            sealed_at,
        ],
    )
    add_calls(cursor, organization_id, own)
    foreign = count_after(cursor, organization_id, sequence) if end.foreign else 0
    return ChainEnd(sequence, link, end.events + len(own), foreign)
