"""Sealing: links the committed events that no seal holds yet, in batches. Nobody waits for it."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from audit import chain
from harriet.lib.ids import new_id

BATCH = 1000
MICROSECONDS = "CASE WHEN isfinite({0}) THEN (extract(epoch FROM {0}) * 1000000)::bigint ELSE 0 END"


def seal_everything() -> int:
    """Seals what waits, organization by organization; returns how many events. Safe to run in many workers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT organization_id FROM audit_unsealed")
        organizations = [row[0] for row in cursor.fetchall()]
    return sum(seal_organization(organization_id) for organization_id in organizations)


def seal_organization(organization_id: UUID) -> int:
    """Seals until nothing waits, or until another worker is found at it."""
    total = 0
    while sealed := _seal_batch(organization_id):
        total += sealed
        if sealed < BATCH:
            break
    return total


def _seal_batch(organization_id: UUID) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        if not _is_ours(cursor, organization_id):
            return 0
        waiting = _waiting(cursor, organization_id)
        if not waiting:
            return 0
        leaves = _leaves(cursor, waiting)
        if leaves:
            _insert_seal(cursor, organization_id, leaves)
        cursor.execute("DELETE FROM audit_unsealed WHERE event_id = ANY(%s)", [waiting])
    return len(waiting)


def _is_ours(cursor: CursorWrapper, organization_id: UUID) -> bool:
    """One sealer per organization at a time; the lock ends with the transaction, after its rows are visible."""
    key = f"harriet-audit-seal:{organization_id}"
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    return bool(cursor.fetchone()[0])


def _waiting(cursor: CursorWrapper, organization_id: UUID) -> list[UUID]:
    cursor.execute(
        "SELECT event_id FROM audit_unsealed WHERE organization_id = %s ORDER BY event_id LIMIT %s",
        [organization_id, BATCH],
    )
    return [row[0] for row in cursor.fetchall()]


def _leaves(cursor: CursorWrapper, event_ids: list[UUID]) -> dict[UUID, bytes]:
    """The leaf of each event, in the order in which it is sealed."""
    cursor.execute(
        f"SELECT id, body, mac, {MICROSECONDS.format('recorded_at')} FROM audit_event"  # noqa: S608 (no input)
        " WHERE id = ANY(%s) ORDER BY id",
        [event_ids],
    )
    return {id: chain.leaf(id.bytes, body.encode(), bytes(mac), at) for id, body, mac, at in cursor.fetchall()}


class _Head(NamedTuple):
    sequence: int
    link: bytes


def _head(cursor: CursorWrapper, organization_id: UUID) -> _Head:
    cursor.execute(
        "SELECT sequence, link FROM audit_seal WHERE organization_id = %s ORDER BY sequence DESC LIMIT 1",
        [organization_id],
    )
    row = cursor.fetchone()
    return _Head(row[0], bytes(row[1])) if row else _Head(0, chain.START)


def _insert_seal(cursor: CursorWrapper, organization_id: UUID, leaves: dict[UUID, bytes]) -> None:
    # Not now(): that is when the transaction began, and events may have come since.
    cursor.execute(f"SELECT t, {MICROSECONDS.format('t')} FROM clock_timestamp() AS t")  # noqa: S608 (no input)
    sealed_at, micros = cursor.fetchone()
    head, seal_id = _head(cursor, organization_id), new_id()
    root = chain.root(list(leaves.values()))
    link = chain.link(organization_id, head.sequence + 1, head.link, root, len(leaves))
    mac = chain.seal_mac(seal_id, micros, link)
    cursor.execute(
        "INSERT INTO audit_seal"
        " (id, organization_id, sequence, algorithm, previous, event_ids, root, link, mac, sealed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            seal_id,
            organization_id,
            head.sequence + 1,
            chain.ALGORITHM,
            head.link,
            list(leaves),
            root,
            link,
            mac,
            sealed_at,
        ],
    )
