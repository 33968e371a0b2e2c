"""How far each organization's chain goes, signed: a chain that is cut short, and a seal from elsewhere, show by it."""

from __future__ import annotations

import hmac
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from audit import chain
from harriet.lib.keyfile import derive

MICROSECONDS = "CASE WHEN isfinite({0}) THEN (extract(epoch FROM {0}) * 1000000)::bigint ELSE 0 END"
_AT_ONCE = 500
_SEALED_AT = MICROSECONDS.format("sealed_at")


class Mark(NamedTuple):
    sequence: int = 0
    link: bytes = chain.START
    events: int = 0
    """How many the seals up to here hold."""
    foreign: int = 0
    """How many seals after this one are known not to be Harriet's."""


def mark_mac(organization_id: UUID, mark: Mark) -> bytes:
    numbers = b"".join(number.to_bytes(8, "big", signed=True) for number in (mark[0], mark[2], mark[3]))
    return hmac.digest(_key(), organization_id.bytes + numbers + mark.link, "sha256")


@cache
def _key() -> bytes:
    return derive("audit", "mark-mac/v1")


class Told(NamedTuple):
    """What stands in the table."""

    mark: Mark | None
    is_genuine: bool


def read_mark(cursor: CursorWrapper, organization_id: UUID) -> Told:
    cursor.execute(
        "SELECT sequence, link, events, foreign_seals, mac FROM audit_mark WHERE organization_id = %s",
        [organization_id],
    )
    row = cursor.fetchone()
    if row is None:
        return Told(None, is_genuine=False)
    mark = Mark(row[0], bytes(row[1]), row[2], row[3])
    return Told(mark, hmac.compare_digest(mark_mac(organization_id, mark), bytes(row[4])))


def write_mark(cursor: CursorWrapper, organization_id: UUID, mark: Mark) -> None:
    cursor.execute(
        "INSERT INTO audit_mark (organization_id, sequence, link, events, foreign_seals, mac)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (organization_id) DO UPDATE SET sequence = excluded.sequence,"
        " link = excluded.link, events = excluded.events, foreign_seals = excluded.foreign_seals, mac = excluded.mac",
        [organization_id, *mark, mark_mac(organization_id, mark)],
    )


class Head(NamedTuple):
    mark: Mark
    mended: str
    """What was wrong with the mark, as a sentence; empty when nothing was."""
    forged: int
    """Seals found now that aren't Harriet's."""


def head_of(cursor: CursorWrapper, organization_id: UUID) -> Head:
    """Where the chain goes on. Looks only at what is behind the mark: nothing, unless somebody tampered."""
    told = read_mark(cursor, organization_id)
    mark, mended = told.mark or Mark(), ""
    if not told.is_genuine:
        mark, mended = Mark(), "The mark that says how far the chain goes had been changed." if told.mark else ""
    moved, forged = _moved(cursor, organization_id, mark)
    if told.is_genuine and moved.sequence != mark.sequence:
        mended = "The mark that says how far the chain goes had been set back."
    return Head(moved, mended, forged)


def _moved(cursor: CursorWrapper, organization_id: UUID, mark: Mark) -> tuple[Mark, int]:
    """Behind Harriet's own seals there, and how many of others were not known yet."""
    if count_after(cursor, organization_id, mark.sequence) == mark.foreign:
        return mark, 0
    foreign, known, seen = 0, mark.foreign, mark.sequence
    while True:
        cursor.execute(
            "SELECT id, sequence, algorithm, previous, root, link, mac, cardinality(event_ids),"  # noqa: S608
            f" {_SEALED_AT} FROM audit_seal WHERE organization_id = %s AND sequence > %s ORDER BY sequence LIMIT %s",
            [organization_id, seen, _AT_ONCE],
        )
        rows = cursor.fetchall()
        for row in rows:
            seen = row[1]
            if is_ours(organization_id, *row):
                mark = Mark(seen, bytes(row[5]), mark.events + row[7])
            else:
                foreign += 1
        if len(rows) < _AT_ONCE:
            after = count_after(cursor, organization_id, mark.sequence)
            return mark._replace(foreign=after), max(foreign - known, 0)


def count_after(cursor: CursorWrapper, organization_id: UUID, sequence: int) -> int:
    """Seals with higher numbers: none, unless somebody tampered."""
    cursor.execute(
        "SELECT count(*) FROM audit_seal WHERE organization_id = %s AND sequence > %s", [organization_id, sequence]
    )
    count: int = cursor.fetchone()[0]
    return count


def is_ours(
    organization_id: UUID,
    id: UUID,
    sequence: int,
    algorithm: str,
    previous: bytes,
    root: bytes,
    link: bytes,
    mac: bytes,
    count: int,
    sealed_at: int,
) -> bool:
    """Whether the seal is as this installation made it."""
    if algorithm != chain.ALGORITHM or sequence < 0:
        return False
    made = chain.link(organization_id, sequence, bytes(previous), bytes(root), count)
    return made == bytes(link) and hmac.compare_digest(chain.seal_mac(id, sealed_at, made), bytes(mac))


def free_sequence(cursor: CursorWrapper, organization_id: UUID, after: int) -> int:
    """The next number, or, where seals of others took that, the first that is free."""
    free = after + 1
    while True:
        cursor.execute(
            "SELECT sequence FROM audit_seal WHERE organization_id = %s AND sequence >= %s ORDER BY sequence LIMIT %s",
            [organization_id, free, _AT_ONCE],
        )
        rows = cursor.fetchall()
        for row in rows:
            if row[0] != free:
                return free
            free += 1
        if len(rows) < _AT_ONCE:
            return free
