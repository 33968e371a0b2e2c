"""The seals of one organization as the table holds them: which are Harriet's, and which numbers are taken."""

from __future__ import annotations

import hmac
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from audit.chain import hashes
from audit.stored_event import MICROSECONDS

SEALS_AT_ONCE = 500
"""Rows that one query reads."""
SEALED_AT = MICROSECONDS.format("sealed_at")


class StoredSeal(NamedTuple):
    """What of a row of audit_seal its hashes and its MAC are over."""

    id: UUID
    sequence: int
    algorithm: str
    previous: bytes
    root: bytes
    link: bytes
    mac: bytes
    event_count: int
    """How many events it holds."""
    sealed_at: int
    """Microseconds since 1970."""


def seals_after(cursor: CursorWrapper, organization_id: UUID, sequence: int) -> list[StoredSeal]:
    cursor.execute(
        "SELECT id, sequence, algorithm, previous, root, link, mac, cardinality(event_ids),"  # noqa: S608
        f" {SEALED_AT} FROM audit_seal WHERE organization_id = %s AND sequence > %s ORDER BY sequence LIMIT %s",
        [organization_id, sequence, SEALS_AT_ONCE],
    )
    return list(map(StoredSeal._make, cursor.fetchall()))


def count_after(cursor: CursorWrapper, organization_id: UUID, sequence: int) -> int:
    """Seals with higher numbers: none, unless somebody tampered."""
    cursor.execute(
        "SELECT count(*) FROM audit_seal WHERE organization_id = %s AND sequence > %s", [organization_id, sequence]
    )
    count: int = cursor.fetchone()[0]
    return count


def is_ours(organization_id: UUID, seal: StoredSeal) -> bool:
    """Whether the seal is as this installation made it."""
    if seal.algorithm != hashes.ALGORITHM or seal.sequence < 0:
        return False
    made = hashes.link(organization_id, seal.sequence, bytes(seal.previous), bytes(seal.root), seal.event_count)
    mac = hashes.seal_mac(seal.id, seal.sealed_at, made)
    return made == bytes(seal.link) and hmac.compare_digest(mac, bytes(seal.mac))


def free_sequence(cursor: CursorWrapper, organization_id: UUID, after: int) -> int:
    """The next number, or, where seals of others took that, the first that is free."""
    free = after + 1
    while True:
        cursor.execute(
            "SELECT sequence FROM audit_seal WHERE organization_id = %s AND sequence >= %s ORDER BY sequence LIMIT %s",
            [organization_id, free, SEALS_AT_ONCE],
        )
        rows = cursor.fetchall()
        for (taken,) in rows:
            if taken != free:
                return free
            free += 1
        if len(rows) < SEALS_AT_ONCE:
            return free
