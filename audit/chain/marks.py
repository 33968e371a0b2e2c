"""How far each organization's chain goes, signed: a chain that is cut short, and a seal from elsewhere, show by it."""

from __future__ import annotations

import hmac
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from audit.chain import hashes
from audit.chain.seals import SEALS_AT_ONCE, count_after, is_ours, seals_after
from harriet.lib.keyfile import derive


class ChainEnd(NamedTuple):
    """What a mark says."""

    sequence: int = 0
    link: bytes = hashes.START
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
        seals = seals_after(cursor, organization_id, seen)
        for seal in seals:
            seen = seal.sequence
            if is_ours(organization_id, seal):
                end = ChainEnd(seen, bytes(seal.link), end.events + seal.event_count)
            else:
                foreign += 1
        if len(seals) < SEALS_AT_ONCE:
            after = count_after(cursor, organization_id, end.sequence)
            return end._replace(foreign=after), max(foreign - known, 0)
