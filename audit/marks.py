"""How far each organization's chain goes, signed: a chain that is cut short, and a seal from elsewhere, show by it."""

from __future__ import annotations

import hmac
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from audit import chain
from audit.examine import MICROSECONDS
from harriet.lib.keyfile import derive

_AT_ONCE = 500
_SEALED_AT = MICROSECONDS.format("sealed_at")


class ChainEnd(NamedTuple):
    """What a mark says."""

    sequence: int = 0
    link: bytes = chain.START
    events: int = 0
    """How many the seals up to here hold."""
    foreign: int = 0
    """How many seals after this one are known not to be Harriet's."""


def mark_mac(organization_id: UUID, end: ChainEnd) -> bytes:
    numbers = b"".join(n.to_bytes(8, "big", signed=True) for n in (end.sequence, end.events, end.foreign))
    return hmac.digest(_key(), organization_id.bytes + numbers + end.link, "sha256")


@cache
def _key() -> bytes:
    return derive("audit", "mark-mac/v1")


class StoredMark(NamedTuple):
    """What stands in the table."""

    end: ChainEnd | None
    is_genuine: bool


def read_mark(cursor: CursorWrapper, organization_id: UUID) -> StoredMark:
    cursor.execute(
        "SELECT sequence, link, events, foreign_seals, mac FROM audit_mark WHERE organization_id = %s",
        [organization_id],
    )
    row = cursor.fetchone()
    if row is None:
        return StoredMark(None, is_genuine=False)
    sequence, link, events, foreign, mac = row
    end = ChainEnd(sequence, bytes(link), events, foreign)
    return StoredMark(end, hmac.compare_digest(mark_mac(organization_id, end), bytes(mac)))


def write_mark(cursor: CursorWrapper, organization_id: UUID, end: ChainEnd) -> None:
    cursor.execute(
        "INSERT INTO audit_mark (organization_id, sequence, link, events, foreign_seals, mac)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (organization_id) DO UPDATE SET sequence = excluded.sequence,"
        " link = excluded.link, events = excluded.events, foreign_seals = excluded.foreign_seals, mac = excluded.mac",
        [organization_id, *end, mark_mac(organization_id, end)],
    )


class Head(NamedTuple):
    """Where the next seal goes on, and what was found there."""

    end: ChainEnd
    mended: str
    """What was wrong with the mark, as a sentence; empty when nothing was."""
    forged: int
    """Seals found now that aren't Harriet's."""


def head_of(cursor: CursorWrapper, organization_id: UUID) -> Head:
    """Where the chain goes on. Looks only at what is behind the mark: nothing, unless somebody tampered."""
    stored = read_mark(cursor, organization_id)
    end, mended = stored.end or ChainEnd(), ""
    if not stored.is_genuine:
        end, mended = ChainEnd(), "The mark that says how far the chain goes had been changed." if stored.end else ""
    moved, forged = _moved(cursor, organization_id, end)
    if stored.is_genuine and moved.sequence != end.sequence:
        mended = "The mark that says how far the chain goes had been set back."
    return Head(moved, mended, forged)


def _moved(cursor: CursorWrapper, organization_id: UUID, end: ChainEnd) -> tuple[ChainEnd, int]:
    """Behind Harriet's own seals there, and how many of others were not known yet."""
    if count_after(cursor, organization_id, end.sequence) == end.foreign:
        return end, 0
    foreign, known, seen = 0, end.foreign, end.sequence
    while True:
        seals = _seals_after(cursor, organization_id, seen)
        for seal in seals:
            seen = seal.sequence
            if is_ours(organization_id, seal):
                end = ChainEnd(seen, bytes(seal.link), end.events + seal.event_count)
            else:
                foreign += 1
        if len(seals) < _AT_ONCE:
            after = count_after(cursor, organization_id, end.sequence)
            return end._replace(foreign=after), max(foreign - known, 0)


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


def _seals_after(cursor: CursorWrapper, organization_id: UUID, sequence: int) -> list[StoredSeal]:
    cursor.execute(
        "SELECT id, sequence, algorithm, previous, root, link, mac, cardinality(event_ids),"  # noqa: S608
        f" {_SEALED_AT} FROM audit_seal WHERE organization_id = %s AND sequence > %s ORDER BY sequence LIMIT %s",
        [organization_id, sequence, _AT_ONCE],
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
    if seal.algorithm != chain.ALGORITHM or seal.sequence < 0:
        return False
    made = chain.link(organization_id, seal.sequence, bytes(seal.previous), bytes(seal.root), seal.event_count)
    mac = chain.seal_mac(seal.id, seal.sealed_at, made)
    return made == bytes(seal.link) and hmac.compare_digest(mac, bytes(seal.mac))


def free_sequence(cursor: CursorWrapper, organization_id: UUID, after: int) -> int:
    """The next number, or, where seals of others took that, the first that is free."""
    free = after + 1
    while True:
        cursor.execute(
            "SELECT sequence FROM audit_seal WHERE organization_id = %s AND sequence >= %s ORDER BY sequence LIMIT %s",
            [organization_id, free, _AT_ONCE],
        )
        rows = cursor.fetchall()
        for (taken,) in rows:
            if taken != free:
                return free
            free += 1
        if len(rows) < _AT_ONCE:
            return free
