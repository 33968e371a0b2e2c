"""The walk along one organization's chain, or a part of it: every link, and every event that a seal holds.

Streams: memory stays the same however long the log is. The rows that it reads never change, so it needs no snapshot
while the log goes on growing. What is wrong is noted, and the walk goes on behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from audit.chain import hashes
from audit.chain.seals import SEALED_AT, StoredSeal, is_ours
from audit.id_ranges import AMONG, among
from audit.models import Checkpoint
from audit.stored_event import MICROSECONDS, REPEATED, complaint_about
from audit.unfinished_calls import OpenCalls
from audit.verification.faults import Faults

_RECORDED_AT = MICROSECONDS.format("recorded_at")
_NULL = "NULL"
_CHUNK = 5000
"""Events that are read at a time."""
_FEWEST_SEALS, _MOST_SEALS = 50, 2000
"""That are read at a time: of a thousand events each, or of one."""
_LAST_ID = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class KnownSeal:
    """A seal that was there once, and how that is known."""

    sequence: int
    link: bytes
    source: str


def known_seal_of(checkpoint: Checkpoint) -> KnownSeal:
    when = f"on {checkpoint.verified_at:%Y-%m-%d %H:%M} it was verified up to seal {checkpoint.sequence}"
    return KnownSeal(checkpoint.sequence, bytes(checkpoint.link), when)


@dataclass(slots=True)
class Walk:
    """State and findings."""

    organization_id: UUID
    faults: Faults
    known_seals: list[KnownSeal]
    seals: int = 0
    events: int = 0
    sequence: int = 0
    """Of the last seal that is Harriet's."""
    head: bytes = hashes.START
    seen: int = 0
    """The last seal that was read, whoever made it."""
    last: int | None = None
    """The seal with which the walk ends; without it, it goes to the end of the chain."""
    most: int | None = None
    """So many seals and events are read, and a chunk at most."""
    is_cut: bool = False
    """It stopped before its end."""
    sealed_at: int = 0
    """When the last seal was made (microseconds since 1970)."""
    recorded_at: int = 0
    """When the last sealed event was recorded (microseconds since 1970)."""
    began: int | None = None
    """When the first sealed event was recorded (microseconds since 1970)."""
    foreign: list[UUID] = field(default_factory=list)
    """Seals that aren't Harriet's."""
    calls: OpenCalls = field(default_factory=OpenCalls)
    _is_broken: bool = False
    """The seal before this one is no longer what it was, so this one can't continue it: that was told already."""

    def run(self) -> Walk:
        read, self._is_broken = 0, bool(self.seen)
        for seals in _chunks(_seals(self.organization_id, self.seen or self.sequence, self.last)):
            if self.most is not None and read >= self.most:
                self.is_cut = True
                return self
            read += sum(len(seal.event_ids) + 1 for seal in seals)
            own = [seal for seal in seals if self._is_own(seal)]
            rows = _rows([event_id for seal in own for event_id in seal.event_ids if event_id != _NULL])
            genuine = {seal.id for seal in own}
            for seal in seals:
                if seal.id in genuine:
                    self._step(seal, rows)
                else:
                    self._pass_over(seal)
            self.seen = seals[-1].sequence
        for known in self.known_seals:
            if known.sequence > self.sequence:
                self.faults.add(f"The chain ends at seal {self.sequence}, but {known.source}.", known.sequence)
        return self

    def _is_own(self, seal: _Seal) -> bool:
        values = (seal.id, seal.sequence, seal.algorithm, seal.previous, seal.root, seal.link, seal.mac)
        return is_ours(self.organization_id, StoredSeal(*values, len(seal.event_ids), seal.sealed_at))

    def _pass_over(self, seal: _Seal) -> None:
        self.foreign.append(seal.id)
        self._is_broken = True
        made = hashes.link(self.organization_id, max(seal.sequence, 0), seal.previous, seal.root, len(seal.event_ids))
        if seal.algorithm != hashes.ALGORITHM:
            why = "names an unknown algorithm"
        elif made != seal.link:
            why = "has been changed: its hash doesn't fit its content"
        else:
            why = "wasn't made by this installation, or has been changed: its MAC doesn't fit"
        self.faults.add(f"Seal {seal.sequence} {why}.", seal.sequence)

    def _step(self, seal: _Seal, rows: dict[str, _Row]) -> None:
        self._check_place(seal)
        self._check_events(seal, rows)
        for known in self.known_seals:
            if known.sequence == seal.sequence and known.link != seal.link:
                self.faults.add(f"Seal {seal.sequence} is another one now: {known.source}.", seal.sequence)
        self.head, self.sequence, self.sealed_at, self._is_broken = seal.link, seal.sequence, seal.sealed_at, False
        self.seals += 1

    def _check_place(self, seal: _Seal) -> None:
        expected = self.sequence + 1
        if seal.previous != self.head and not self._is_broken:
            if seal.sequence > expected:
                text = f"Seal {expected} is missing: after seal {self.sequence} comes seal {seal.sequence}."
            else:
                text = f"Seal {seal.sequence} doesn't continue the seal before it."
            self.faults.add(text, expected)
        if not seal.event_ids:
            self.faults.add(f"Seal {seal.sequence} holds no event.", seal.sequence)

    def _check_events(self, seal: _Seal, rows: dict[str, _Row]) -> None:
        organization, leaves, before = str(self.organization_id), [], self.faults.count
        for event_id in seal.event_ids:
            repeated, text, mac, at = rows.get(event_id) or _MISSING
            body = text.encode()
            if wrong := complaint_about(repeated, body, mac, organization) if repeated else "is missing":
                self.faults.add(f"The event {event_id} of seal {seal.sequence} {wrong}.", seal.sequence, event_id)
                continue
            leaves.append(hashes.leaf(bytes.fromhex(event_id.replace("-", "")), body, mac, at))
            _, _, request_id, code, _ = repeated.split("\n", 4)
            self.calls.add(request_id, code)
            if self.began is None:
                self.began = at
            self.recorded_at = at
        self.events += len(leaves)
        if self.faults.count == before and hashes.root(leaves) != seal.root:
            self.faults.add(
                f"The events of seal {seal.sequence} are not the ones that were sealed, or not in their order.",
                seal.sequence,
            )


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
    """Microseconds since 1970."""


def _seals(organization_id: UUID, after: int = 0, last: int | None = None) -> Iterator[_Seal]:
    """In their order; seals without events enough for a chunk are read many at once. Whoever begins before the first
    meets also those with numbers that Harriet gives to none."""
    place, most = (after, _LAST_ID) if after else (-(2**63), UUID(int=0)), _FEWEST_SEALS
    until = 2**63 - 1 if last is None else last
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, sequence, algorithm, previous, event_ids::text[], root, link, mac, {SEALED_AT}"  # noqa: S608
                " FROM audit_seal WHERE organization_id = %s AND (sequence, id) > (%s, %s) AND sequence <= %s"
                " ORDER BY sequence, id LIMIT %s",
                [organization_id, *place, until, most],
            )
            rows = cursor.fetchall()
        events = 0
        for id, sequence, algorithm, previous, event_ids, root, link, mac, sealed_at in rows:
            names = [event_id or _NULL for event_id in event_ids]
            events += len(names)
            yield _Seal(
                id, sequence, algorithm, bytes(previous), names, bytes(root), bytes(link), bytes(mac), sealed_at
            )
        if len(rows) < most:
            return
        place = (rows[-1][1], rows[-1][0])
        most = max(_FEWEST_SEALS, min(_MOST_SEALS, _CHUNK * len(rows) // max(events, 1)))


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


_Row = tuple[str, str, bytes, int]
"""What the columns repeat, a line each; the body; the MAC; when it was recorded (microseconds since 1970). Of no class:
objects of one Python looks through again and again, for what it could clear away."""
_MISSING: _Row = ("", "", b"", 0)
_ID = 36


def _rows(event_ids: list[str]) -> dict[str, _Row]:
    if not event_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {REPEATED}, body, mac, {_RECORDED_AT} FROM audit_event WHERE {AMONG}",  # noqa: S608 (no input)
            among(event_ids),
        )
        return {row[0][:_ID]: row for row in cursor.fetchall()}
