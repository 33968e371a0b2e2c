"""Verification in turns, so that none of them reads a whole log: in each, of every log what is new, and of some a range
of what was verified before. Whoever changes something old is found when its range comes; what is new, within minutes.

Where the next turn goes on stands in the last Checkpoint, under its MAC: nobody without the key can move it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import connection, transaction

from audit.chain.marks import head_of
from audit.database.each_organization import organizations_in
from audit.database.protection import database_faults
from audit.models import Checkpoint, Event, Mark, Unsealed
from audit.verification.checkpoints import (
    foreign_count,
    foreign_words,
    is_own,
    last_verification,
    last_verifications,
    made_since,
    remember,
    wait_to_remember,
)
from audit.verification.faults import Faults, first_of
from audit.verification.place import Findings, Place, Position, Round, place_of, text_of, whole_since
from audit.verification.ranges import Bounds, Ranged, check_future, verify_range
from audit.verification.unsealed_events import GRACE_SECONDS, first_recorded, overdue_words
from audit.verification.verify import check_beginning, known_by_mark, organizations
from harriet.lib.database_clock import database_now
from harriet.lib.microseconds import microseconds_of, moment_at

ROUND_EVERY = timedelta(days=1)
"""A log is gone through anew so long after the last time began, or as soon as its turn comes then."""
MOST_NEW = 1_000_000
"""Events, and seals, that are verified in one turn because they are new; in an order that favours nobody."""
MOST_OLD, MOST_OLD_OF_ONE = 100_000, 50_000
"""The same of what was verified before: in all, and of one organization."""
MOST_LOGS = 10
"""Of which a range is verified in one turn: of thousands that are due, each is asked about by itself."""
NEW_SECONDS, OLD_SECONDS = 120.0, 20.0
"""After which no other organization is begun with in this turn."""
_PATIENCE = 3.0
"""Seconds that an event committed late gets to be sealed."""
_OTHERS_TAKE = 1.0
"""Seconds to write down what they found."""
_CLOCK_STEP = 300_000_000
"""Microseconds by which nobody's clock is ahead of the database's."""
_MOST_OVERDUE = 100
"""Of one organization that are told."""


@dataclass(frozen=True, slots=True)
class Turned:
    """One organization's part in a turn."""

    organization_id: UUID
    lost: list[UUID]
    """Harriet's own events that no seal holds and that wait for none: they can still be sealed."""
    is_news: bool
    """What was found has to be told, or is over."""


@dataclass(frozen=True, slots=True)
class Now:
    """What all organizations of a turn have in common."""

    at: int
    """When it began, by the database's clock (microseconds since 1970)."""
    of_database: list[str]
    overdue: set[UUID]
    """Organizations whose events wait for their seal too long."""

    @property
    def until(self) -> int:
        """What was recorded later may still wait for its seal."""
        return self.at - GRACE_SECONDS * 1_000_000


@dataclass(frozen=True, slots=True)
class Log:
    """One organization's, as it was verified last."""

    organization_id: UUID
    last: Checkpoint | None = None
    place: Place | None = None

    @property
    def whole_since(self) -> int:
        """0 for never."""
        since = whole_since(self.last) if self.last is not None else None
        return 0 if since is None else microseconds_of(since)

    @property
    def until(self) -> int:
        return self.place.newest.until if self.place is not None else 0

    def is_due(self, now: Now) -> bool:
        """For a range of its round. A log with something wrong is gone through without a pause."""
        if self.place is None or self.place.round is not None or self.place.standing.count:
            return True
        return self.whole_since <= now.at - ROUND_EVERY // timedelta(microseconds=1)


def take_turn() -> Iterator[Turned]:
    """Verifies what is new, and then a range of those logs whose last round began longest ago. Safe to run twice at
    once: who comes second with a log leaves it as it was."""
    now = _now()
    logs = _logs()
    left, ends = MOST_NEW, time.monotonic() + NEW_SECONDS
    for log in sorted(_with_news(logs, now), key=lambda log: log.until):
        if left <= 0 or time.monotonic() > ends:
            break
        turned, read = _turn(log, now, new=left, old=0)
        left -= read
        yield from turned
    left, ends = MOST_OLD, time.monotonic() + OLD_SECONDS
    for organization_id in islice(_in_turn(logs, now), MOST_LOGS):
        if left <= 0 or time.monotonic() > ends:
            break
        last = last_verification(organization_id)
        most = min(left, MOST_OLD_OF_ONE)
        turned, read = _turn(_log(organization_id, last), now, new=most, old=most)
        left -= read
        yield from turned


def _now() -> Now:
    overdue, until = _overdue(), time.monotonic() + _PATIENCE
    while overdue and time.monotonic() < until:
        time.sleep(0.5)
        overdue = _overdue()
    return Now(microseconds_of(database_now()), database_faults(), overdue)


def _overdue() -> set[UUID]:
    with connection.cursor() as cursor:
        waiting = organizations_in(cursor, "audit_unsealed")
        cursor.execute(
            "SELECT o.id FROM unnest(%s::uuid[]) AS o (id) WHERE EXISTS (SELECT 1 FROM audit_unsealed u"
            " JOIN audit_event e ON e.id = u.event_id WHERE u.organization_id = o.id"
            " AND e.recorded_at < clock_timestamp() - make_interval(secs => %s))",
            [waiting, GRACE_SECONDS],
        )
        return {organization_id for (organization_id,) in cursor.fetchall()}


def _logs() -> list[Log]:
    ids = organizations()
    last = last_verifications(ids)
    return [_log(organization_id, last.get(organization_id)) for organization_id in ids]


def _log(organization_id: UUID, last: Checkpoint | None) -> Log:
    return Log(organization_id, last, place_of(last) if last is not None else None)


def _with_news(logs: list[Log], now: Now) -> list[Log]:
    """Those with seals, or with events in no seal, since they were verified last; and those of which something is to be
    told that isn't in their chain. Of whoever was never verified, all is a matter of the round."""
    ends = dict(Mark.objects.values_list("organization_id", "sequence"))
    of_database = first_of(now.of_database)
    news, quiet = list[Log](), list[Log]()
    for log in logs:
        if log.place is None:
            continue
        is_new = (
            log.place.newest.sequence != ends.get(log.organization_id, 0)
            or log.place.of_database != of_database
            or log.place.is_overdue
            or log.organization_id in now.overdue
        )
        (news if is_new else quiet).append(log)
    return news + _with_events(quiet, now)


def _with_events(logs: list[Log], now: Now) -> list[Log]:
    """Those with an event that was recorded since; one query for all, which the planner can't turn into one over all
    events, because it asks each for one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id FROM unnest(%s::uuid[], %s::timestamptz[]) AS o (id, until) CROSS JOIN LATERAL (SELECT"
            " FROM audit_event e WHERE e.organization_id = o.id AND e.recorded_at > o.until AND e.recorded_at <= %s"
            " LIMIT 1) found",
            [[log.organization_id for log in logs], [moment_at(log.until) for log in logs], moment_at(now.until)],
        )
        found = {organization_id for (organization_id,) in cursor.fetchall()}
    return [log for log in logs if log.organization_id in found]


def _in_turn(logs: list[Log], now: Now) -> list[UUID]:
    due = [log for log in logs if log.is_due(now)]
    return [log.organization_id for log in sorted(due, key=lambda log: log.whole_since)]


def _turn(log: Log, now: Now, *, new: int, old: int) -> tuple[list[Turned], int]:
    """The organization's part, unless somebody else verified its log meanwhile; and how many events were read."""
    organization_id, state, whole = log.organization_id, Faults(), log.whole_since
    place, events = (log.place, log.last.events) if log.place and log.last else _first_place(organization_id, now)
    goal = place.newest
    known = known_by_mark(organization_id, state, is_missed=log.place is not None and goal.sequence > 0)
    bounds = Bounds(new, now.until, max((seal.sequence for seal in known), default=0))
    found = verify_range(organization_id, goal, bounds, known)
    place.newest = found.end
    place.found.add(found.faults, found.foreign)
    read, lost, is_whole = found.events, found.lost, False
    if old and (place.round or not found.is_cut):
        place.round = place.round or Round(now.at, goal)
        ranged = _go_on(organization_id, place, place.round, replace(bounds, most=old, goal=place.round.goal), now)
        read, lost, is_whole = read + ranged.events, lost + ranged.lost, not ranged.is_cut
    if is_whole and place.round is not None:
        whole, place.past, place.found, place.round = place.round.began, place.found, Findings(), None
    _tell_waiting(organization_id, place, now, state)
    made = _remembered(log, place, now, state, Checkpoint(whole_since=_moment(whole), events=events + found.events))
    if made is None:
        return [], read
    is_news = is_whole or bool(made.fault) or (log.last is not None and bool(log.last.fault))
    return [Turned(organization_id, lost, is_news)], read


def _moment(microseconds: int) -> datetime | None:
    return moment_at(microseconds) if microseconds else None


def _first_place(organization_id: UUID, now: Now) -> tuple[Place, int]:
    """All that is there belongs to the first round, and what is new begins behind it; with the events before that."""
    with transaction.atomic(), connection.cursor() as cursor:
        end = head_of(cursor, organization_id).end
    newest = Position(end.sequence, end.link.hex(), until=now.until)
    return Place(newest, Round(now.at, newest)), end.events


def _go_on(organization_id: UUID, place: Place, round: Round, bounds: Bounds, now: Now) -> Ranged:
    """The round's next range, and at its end what no range comes to."""
    is_first, found = round.at == Position(), verify_range(organization_id, round.at, bounds, [])
    round.at = found.end
    if is_first:
        check_beginning(organization_id, found.began or first_recorded(organization_id), found.faults)
    if not found.is_cut:
        found.faults.extend(check_future(organization_id, now.at + _CLOCK_STEP))
        if count := foreign_count(organization_id):
            found.faults.add(foreign_words(count))
    place.found.add(found.faults, found.foreign)
    return found


def _tell_waiting(organization_id: UUID, place: Place, now: Now, faults: Faults) -> None:
    place.is_overdue = organization_id in now.overdue
    if place.is_overdue:
        late = Event.objects.filter(
            id__in=Unsealed.objects.filter(organization_id=organization_id).values("event_id"),
            recorded_at__lt=moment_at(now.until),
        )
        for event_id in map(str, late.order_by("id").values_list("id", flat=True)[:_MOST_OVERDUE]):
            faults.add(overdue_words(event_id), event_id=event_id)


@transaction.atomic
def _remembered(log: Log, place: Place, now: Now, state: Faults, made: Checkpoint) -> Checkpoint | None:
    """None, and nothing is written, when others verified the log meanwhile: they began at the same place."""
    if not wait_to_remember(log.organization_id, _OTHERS_TAKE):
        return None
    since, known = (log.last.verified_at, log.last.pk) if log.last is not None else (None, None)
    later = [one for one in made_since(log.organization_id, since) if one.pk != known]
    others = [one for one in later if not is_own(one)]
    if len(others) < len(later):
        return None
    if others and foreign_words(len(others)) not in place.past.sentences:
        forged = Faults()
        forged.add(foreign_words(len(others)))
        place.found.add(forged)
    place.of_database = first_of(now.of_database)
    standing = place.standing
    sentences = [*now.of_database, *state.sentences(), *standing.sentences]
    made.organization_id, made.place, made.foreign = log.organization_id, text_of(place), standing.foreign
    made.sequence, made.link = place.newest.sequence, bytes.fromhex(place.newest.link)
    made.fault, made.faults = first_of(sentences), len(now.of_database) + state.count + standing.count
    remember(made)
    return made
