"""Verification: every link, every event, every column against what was signed, each event sealed exactly once.

It goes on behind what is wrong and counts all of it; the first hundred faults are told one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from audit.chain import hashes
from audit.chain.marks import StoredMark, read_mark
from audit.chain.sealing import make_mark
from audit.database.each_organization import organizations_in
from audit.database.protection import database_faults
from audit.models import Checkpoint
from audit.unfinished_calls import unfinished_intents
from audit.verification import checkpoints
from audit.verification.expected_logs import expected_logs, is_expected, made_at
from audit.verification.faults import Faults
from audit.verification.unsealed_events import UnsealedEvents, check_once_each, check_set_aside, find_unsealed
from audit.verification.walk import KnownSeal, Walk, known_seal_of

_BEGINNING = timedelta(hours=1)
"""The first event of an organization is the one of its making. Clocks may differ by so much."""


@dataclass(slots=True)
class Verification:
    organization_id: UUID
    seals: int = 0
    events: int = 0
    sequence: int = 0
    """Of the last seal."""
    waiting: int = 0
    """Events of the last minute that no seal holds yet."""
    head: bytes = hashes.START
    orphans: list[UUID] = field(default_factory=list)
    """Intents without an outcome; the sweep will close them."""
    faults: Faults = field(default_factory=Faults)
    foreign: int = 0
    """How many of the faults are only rows in no seal that Harriet did not write."""
    lost: list[UUID] = field(default_factory=list)
    """Harriet's own events that no seal holds and that wait for none: they can still be sealed."""

    @property
    def is_sound(self) -> bool:
        return not self.faults.count


def verify(organization_id: UUID, *, patience: float = 3.0) -> Verification:
    """Checks all that was ever recorded for one organization, and remembers what it found as a Checkpoint.

    `patience`: seconds that an event committed late gets to be sealed before it counts as a fault.
    """
    found = Verification(organization_id)
    walk = Walk(organization_id, found.faults, _known_seals(organization_id, found.faults)).run()
    found.seals, found.events, found.sequence, found.head = walk.seals, walk.events, walk.sequence, walk.head
    check_once_each(organization_id, walk.foreign, found.faults)
    unsealed = find_unsealed(organization_id, walk.foreign, patience)
    _tell_unsealed(found, unsealed)
    check_set_aside(organization_id, found.faults)
    _check_beginning(organization_id, walk.began or unsealed.began, found.faults)
    _remember(found, database_faults())
    open_requests = dict.fromkeys([*walk.calls.requests, *unsealed.calls.requests])
    found.orphans = unfinished_intents(open_requests)
    return found


def organizations() -> list[UUID]:
    """Every organization that has ever had an event or a seal, or that must have."""
    tables = ("audit_event", "audit_seal", "audit_checkpoint", "audit_mark")
    with connection.cursor() as cursor:
        found = {organization_id for table in tables for organization_id in organizations_in(cursor, table)}
    return sorted(found | expected_logs())


def _known_seals(organization_id: UUID, faults: Faults) -> list[KnownSeal]:
    """What is known of the chain from elsewhere than the chain. Asked before the walk: chains only grow."""
    known_seals = []
    verified = checkpoints.furthest(organization_id)
    if verified is not None and verified.sequence:
        known_seals.append(known_seal_of(verified))
    stored = _mark(organization_id, is_missed=verified is not None and verified.sequence > 0)
    if stored.end is None and verified is not None and verified.sequence:
        faults.add("The mark that says how far the chain goes is missing.")
    elif stored.end is not None and not stored.is_genuine:
        faults.add("The mark that says how far the chain goes has been changed.")
    elif stored.end is not None:
        source = f"it was sealed up to seal {stored.end.sequence}, {stored.end.events} events in all"
        known_seals.append(KnownSeal(stored.end.sequence, stored.end.link, source))
    if count := checkpoints.foreign_count(organization_id):
        faults.add(f"{count} earlier verification(s) were not made by this installation. They don't count.")
    return known_seals


def _mark(organization_id: UUID, *, is_missed: bool) -> StoredMark:
    with connection.cursor() as cursor:
        stored = read_mark(cursor, organization_id)
        if stored.end is None and not is_missed:
            make_mark(organization_id)
            stored = read_mark(cursor, organization_id)
    return stored


def _tell_unsealed(found: Verification, unsealed: UnsealedEvents) -> None:
    found.waiting, found.lost, found.foreign = unsealed.waiting, unsealed.lost_ids, unsealed.foreign.count
    for faults in (unsealed.lost, unsealed.overdue, unsealed.foreign):
        for fault in faults.named:
            found.faults.add(fault.sentence, event_id=fault.event_id)
        found.faults.count += faults.count - len(faults.named)


def _check_beginning(organization_id: UUID, began: int | None, faults: Faults) -> None:
    """The making of an organization is its first event, so that a log without it was cut or emptied."""
    if not is_expected(organization_id):
        return
    made = made_at(organization_id)
    since = f" since {made:%Y-%m-%d %H:%M}" if made else ""
    if began is None:
        faults.add(f"The log is empty, but the organization has existed{since}.")
        return
    first = datetime.fromtimestamp(began / 1_000_000, UTC)
    if made is not None and first > made + _BEGINNING:
        faults.add(f"The log begins on {first:%Y-%m-%d %H:%M}, but the organization has existed{since}.")


def _remember(found: Verification, of_database: list[str]) -> None:
    """A log that could have been changed is told as such, even when nothing shows in it."""
    sentences = [*of_database, *found.faults.sentences()]
    checkpoints.remember(
        Checkpoint(
            organization_id=found.organization_id,
            sequence=found.sequence,
            link=found.head,
            events=found.events,
            fault=sentences[0] if sentences else "",
            faults=found.faults.count + len(of_database),
            foreign=found.foreign,
        )
    )
