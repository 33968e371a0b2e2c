"""Verification: every link, every event, every column against what was signed, each event sealed exactly once.

It goes on behind what is wrong and counts all of it; the first hundred faults are told one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from audit.chain import hashes
from audit.chain.marks import StoredMark, read_mark
from audit.chain.sealing import make_mark
from audit.database.each_organization import organizations_in
from audit.database.protection import database_faults
from audit.models import Checkpoint
from audit.unfinished_calls import unfinished_intents
from audit.verification import checkpoints
from audit.verification.expected_logs import expected_logs, is_expected, made_at
from audit.verification.faults import Faults, first_of
from audit.verification.place import Findings, Place, Position, place_of, text_of
from audit.verification.unsealed_events import GRACE_SECONDS, check_once_each, check_set_aside, find_unsealed
from audit.verification.walk import KnownSeal, Walk, known_seal_of
from harriet.lib.database_clock import database_now
from harriet.lib.microseconds import microseconds_of

_BEGINNING = timedelta(hours=1)
"""The first event of an organization is the one of its making. Clocks may differ by so much."""

_TURNS_TAKE = 10.0
"""Seconds in which a turn of the other verification has written down what it found."""


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
    found, began = Verification(organization_id), database_now()
    walk = Walk(organization_id, found.faults, _known_seals(organization_id, found.faults)).run()
    found.seals, found.events, found.sequence, found.head = walk.seals, walk.events, walk.sequence, walk.head
    check_once_each(organization_id, walk.foreign, found.faults)
    unsealed = find_unsealed(organization_id, walk.foreign, patience)
    found.waiting, found.lost, found.foreign = unsealed.waiting, unsealed.lost_ids, unsealed.foreign.count
    found.faults.extend(unsealed.lost)
    found.faults.extend(unsealed.foreign)
    check_set_aside(organization_id, found.faults)
    check_beginning(organization_id, walk.began or unsealed.began, found.faults)
    lasting = Findings()
    lasting.add(found.faults, found.foreign)
    found.faults.extend(unsealed.overdue)
    _remember(
        found, database_faults(), began, Place(_end(found, began), past=lasting, is_overdue=unsealed.overdue.count > 0)
    )
    open_requests = dict.fromkeys([*walk.calls.requests, *unsealed.calls.requests])
    found.orphans = unfinished_intents(open_requests)
    return found


def _end(found: Verification, began: datetime) -> Position:
    until = began - timedelta(seconds=GRACE_SECONDS)
    return Position(found.sequence, found.head.hex(), until=microseconds_of(until))


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
    is_missed = verified is not None and verified.sequence > 0
    known_seals += known_by_mark(organization_id, faults, is_missed=is_missed)
    if count := checkpoints.foreign_count(organization_id):
        faults.add(checkpoints.foreign_words(count))
    return known_seals


def known_by_mark(organization_id: UUID, faults: Faults, *, is_missed: bool) -> list[KnownSeal]:
    """The last seal, as the mark tells; chains from before there were marks get one, unless one `is_missed`."""
    stored = _mark(organization_id, is_missed=is_missed)
    if stored.end is None:
        if is_missed:
            faults.add("The mark that says how far the chain goes is missing.")
        return []
    if not stored.is_genuine:
        faults.add("The mark that says how far the chain goes has been changed.")
        return []
    source = f"it was sealed up to seal {stored.end.sequence}, {stored.end.events} events in all"
    return [KnownSeal(stored.end.sequence, stored.end.link, source)]


def _mark(organization_id: UUID, *, is_missed: bool) -> StoredMark:
    with connection.cursor() as cursor:
        stored = read_mark(cursor, organization_id)
        if stored.end is None and not is_missed:
            make_mark(organization_id)
            stored = read_mark(cursor, organization_id)
    return stored


def check_beginning(organization_id: UUID, began: int | None, faults: Faults) -> None:
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


@transaction.atomic
def _remember(found: Verification, of_database: list[str], began: datetime, place: Place) -> None:
    """A log that could have been changed is told as such, even when nothing shows in it. What others found meanwhile,
    behind this verification's back, stands until somebody looks again."""
    checkpoints.wait_to_remember(found.organization_id, _TURNS_TAKE)
    place.of_database = first_of(of_database)
    for made in checkpoints.made_since(found.organization_id, began):
        if checkpoints.is_own(made):
            place.found = max(place.found, place_of(made).found, key=lambda findings: findings.rank)
    missed = place.standing if place.standing is not place.past else Findings()
    sentences = [*of_database, *found.faults.sentences(), *missed.sentences]
    checkpoints.remember(
        Checkpoint(
            organization_id=found.organization_id,
            sequence=found.sequence,
            link=found.head,
            events=found.events,
            fault=first_of(sentences),
            faults=found.faults.count + len(of_database) + missed.count,
            foreign=found.foreign + missed.foreign,
            whole_since=began,
            place=text_of(place),
        )
    )
