"""The connection doctor: what happened between a person, a client and Harriet, attempt by attempt and in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from connectors.models import Profile
from harriet.people.models import Organization, User
from harriet.signin.models import ConnectionStep
from harriet.signin.step_words import DETAILS, kind_of, trouble_of

MOST_STEPS = 400
"""That one page is made of; older ones are a page away."""
_BEGINNINGS = frozenset(
    {"challenged", "resource_metadata", "server_metadata", "registered", "client_document", "authorize", "device_code"}
)
_WORKS = frozenset({"token", "first_call", "refreshed"})
_LOOKS = frozenset({"challenged", "resource_metadata", "server_metadata"})
"""What a client does before it says whose it is."""
_PAUSE = timedelta(minutes=15)
"""After which somebody who begins anew begins another attempt."""
_JUST_BEFORE = timedelta(minutes=2)


@dataclass(slots=True)
class Line:
    """One step in words, or several alike in a row."""

    kind: str
    words: str
    at: datetime
    details: list[tuple[str, str]]
    is_failed: bool = False
    why: str = ""
    mend: str = ""
    times: int = 1


@dataclass(slots=True)
class Attempt:
    """From the first look to the last call with what came of it; lines are oldest first."""

    client: str
    person: User | None
    profile: str
    lines: list[Line] = field(default_factory=list)

    @property
    def began_at(self) -> datetime:
        return self.lines[0].at

    @property
    def status(self) -> tuple[str, str]:
        last = self.lines[-1]
        if last.kind == "ended":
            return "neutral", "Disconnected"
        if last.is_failed:
            return "danger", "Did not go through"
        if last.kind == "expired_call":
            return "attention", "Not finished"
        works = any(line.kind in _WORKS and not line.is_failed for line in self.lines)
        return ("ok", "Works") if works else ("attention", "Not finished")

    @property
    def unfinished(self) -> str:
        """What to do when it stopped without anything going wrong."""
        return kind_of(self.lines[-1].kind).mend if self.status[0] == "attention" else ""


class Found(NamedTuple):
    attempts: list[Attempt]
    """Newest first."""
    older: str
    """The cursor of what is older; empty when this is all."""


def attempts_of(organization: Organization, steps: Q, cursor: UUID | None = None) -> Found:
    """Of the steps that fit, and of what their clients did before anybody signed in."""
    found = _steps(organization, steps, cursor)
    rows = list(found[: MOST_STEPS + 1])
    older = str(rows[MOST_STEPS - 1].pk) if len(rows) > MOST_STEPS else ""
    shown = rows[:MOST_STEPS]
    everything = {row.pk: row for row in (*shown, *_before_anybody(organization, shown))}
    profiles = _profile_names(organization, everything.values())
    ordered = sorted(everything.values(), key=lambda row: row.at)
    attempts = list(_attempts(ordered, profiles))
    return Found(sorted(attempts, key=lambda attempt: attempt.lines[-1].at, reverse=True), older)


def _steps(organization: Organization, steps: Q, cursor: UUID | None) -> QuerySet[ConnectionStep]:
    found = ConnectionStep.objects.filter(steps, organization=organization).select_related("user")
    return (found.filter(pk__lt=cursor) if cursor else found).order_by("-pk")


def _before_anybody(organization: Organization, shown: list[ConnectionStep]) -> list[ConnectionStep]:
    """Registrations of the clients that are shown, and looks at their profiles just before."""
    if not shown:
        return []
    clients = {row.application_id for row in shown} - {None}
    profiles = {row.profile_id for row in shown} - {None}
    first, last = min(row.at for row in shown) - _PAUSE, max(row.at for row in shown)
    theirs = Q(application_id__in=clients) | Q(application_id=None, profile_id__in=profiles, kind__in=_LOOKS)
    found = ConnectionStep.objects.filter(theirs, organization=organization, user=None, at__range=(first, last))
    return list(found.select_related("user").order_by("-pk")[:MOST_STEPS])


def _profile_names(organization: Organization, rows: Iterable[ConnectionStep]) -> dict[UUID, str]:
    keys = {row.profile_id for row in rows if row.profile_id is not None}
    return dict(Profile.objects.filter(organization=organization, pk__in=keys).values_list("pk", "name"))


@dataclass(slots=True)
class _Open:
    """Attempts that are still being gathered, and looks of clients that have not said whose they are."""

    attempts: dict[tuple[UUID | None, str, UUID | None], Attempt] = field(default_factory=dict)
    nameless: list[ConnectionStep] = field(default_factory=list)


def _attempts(rows: list[ConnectionStep], profiles: dict[UUID, str]) -> Iterator[Attempt]:
    """Oldest first. A step before anybody signed in belongs to the next attempt of its client, or at its profile."""
    at_work = _Open()
    for row in rows:
        if row.user_id is None:
            at_work.nameless.append(row)
            continue
        key = (row.application_id, row.client if row.application_id is None else "", row.user_id)
        attempt = at_work.attempts.get(key)
        if attempt is None or _begins_anew(attempt, row):
            if attempt is not None:
                yield attempt
            attempt = at_work.attempts[key] = Attempt(row.client, row.user, profiles.get(_id(row), ""))
            for look in _taken(at_work, row):
                _add(attempt, look)
        attempt.profile = attempt.profile or profiles.get(_id(row), "")
        _add(attempt, row)
    yield from at_work.attempts.values()
    yield from _of_nobody(at_work.nameless, profiles)


def _begins_anew(attempt: Attempt, row: ConnectionStep) -> bool:
    if row.kind not in _BEGINNINGS:
        return False
    got_further = any(line.kind not in _BEGINNINGS or line.is_failed for line in attempt.lines)
    return got_further or row.at - attempt.lines[-1].at > _PAUSE


def _taken(at_work: _Open, row: ConnectionStep) -> list[ConnectionStep]:
    """What was done for the attempt that begins with this step, before anybody signed in."""

    def is_its(look: ConnectionStep) -> bool:
        if look.application_id is not None:
            return look.application_id == row.application_id and row.at - look.at < _PAUSE
        return look.profile_id is not None and look.profile_id == row.profile_id and row.at - look.at < _JUST_BEFORE

    mine = [look for look in at_work.nameless if is_its(look)]
    at_work.nameless = [look for look in at_work.nameless if look not in mine]
    return mine


def _of_nobody(rows: list[ConnectionStep], profiles: dict[UUID, str]) -> Iterator[Attempt]:
    """Clients that registered or looked, and nobody signed in: each client is one attempt."""
    by_client: dict[tuple[UUID | None, str, UUID | None], Attempt] = {}
    for row in rows:
        key = (row.application_id, row.client, row.profile_id)
        if key not in by_client:
            by_client[key] = Attempt(row.client, None, profiles.get(_id(row), ""))
        _add(by_client[key], row)
    yield from by_client.values()


def _add(attempt: Attempt, row: ConnectionStep) -> None:
    line = _line(row)
    last = attempt.lines[-1] if attempt.lines else None
    if last is not None and (last.words, last.why, last.details) == (line.words, line.why, line.details):
        last.times, last.at = last.times + 1, line.at
        return
    attempt.lines.append(line)


def _line(row: ConnectionStep) -> Line:
    kind = kind_of(row.kind)
    labelled = [(DETAILS[name], str(value)) for name, value in row.details.items() if name in DETAILS]
    if not row.problem:
        return Line(row.kind, kind.done, row.at, labelled)
    trouble = trouble_of(row.problem)
    return Line(row.kind, kind.failed, row.at, labelled, True, trouble.words, trouble.mend or kind.mend)


def _id(row: ConnectionStep) -> UUID:
    return row.profile_id or row.pk
