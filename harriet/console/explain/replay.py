"""A draft of a policy, asked about the calls of the last thirty days: what would have run, waited or been refused.

Tools are judged as they are today. Of calls that ran, the log keeps a digest of the arguments and not the arguments:
what a rule on arguments would have said of them is not known, and no number here claims it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models.functions import Now

from approvals.gate import GateFacts, Kind, Scope, judge
from approvals.models import PendingAction
from audit.events import CALL_INTENT, CALL_REFUSED
from audit.models import Event
from connectors.models import AutonomousScope, Profile, Tool
from harriet.people.models import Organization
from harriet.people.queries import database_now

DAYS = 30
MOST_CALLS = 20_000
"""Of each kind, the newest."""
MOST_ROWS = 25
MOST_SCOPES = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be tried: another trust level for a profile, or for all of them."""

    trust: str
    profile_id: UUID | None = None

    def concerns(self, profile_id: UUID | None) -> bool:
        return self.profile_id is None or self.profile_id == profile_id


class Recorded(NamedTuple):
    tool_id: UUID
    profile_id: UUID | None
    was: Kind
    at: datetime


@dataclass(frozen=True, slots=True)
class Recordings:
    calls: list[Recorded]
    since: datetime
    """How far back they go."""
    is_whole: bool
    """They go back as far as was wanted."""


@dataclass(frozen=True, slots=True)
class ToolChange:
    tool: Tool
    was: Counter[Kind] = field(default_factory=Counter)
    would: Counter[Kind] = field(default_factory=Counter)

    @property
    def more_held(self) -> int:
        return self.would["hold"] - self.was["hold"]


@dataclass(frozen=True, slots=True)
class Load:
    """What it asks of those who decide."""

    decisions: int
    days: int
    busiest_day: int
    busiest_hour: int

    @property
    def a_day(self) -> float:
        return self.decisions / self.days if self.days else 0.0


@dataclass(slots=True)
class Replay:
    recordings: Recordings
    was: Counter[Kind] = field(default_factory=Counter)
    would: Counter[Kind] = field(default_factory=Counter)
    gone: int = 0
    """Calls of tools or profiles that are there no more: they are judged by nothing."""
    load_was: Load = field(default_factory=lambda: Load(0, 0, 0, 0))
    load: Load = field(default_factory=lambda: Load(0, 0, 0, 0))
    changes: list[ToolChange] = field(default_factory=list)
    """The tools of which most changes."""


def replay(organization: Organization, draft: Draft) -> Replay:
    found = recorded_calls(organization.pk)
    result = Replay(found)
    tools = Tool.objects.filter(organization=organization).in_bulk({call.tool_id for call in found.calls})
    profiles = set(Profile.objects.filter(organization=organization).values_list("pk", flat=True))
    by_tool = {pk: ToolChange(tool) for pk, tool in tools.items()}
    scopes = _scopes(organization)
    held_was, held = list[datetime](), list[datetime]()
    for call in found.calls:
        if call.tool_id not in tools or call.profile_id not in profiles:
            result.gone += 1
            continue
        change = by_tool[call.tool_id]
        would = _would(call, change.tool, draft, scopes.get(call.profile_id, []))
        for was_counts, would_counts in ((result.was, result.would), (change.was, change.would)):
            was_counts[call.was] += 1
            would_counts[would] += 1
        held_was += [call.at] if call.was == "hold" else []
        held += [call.at] if would == "hold" else []
    result.load_was, result.load = _load(held_was, found), _load(held, found)
    result.changes = _most_changed(by_tool.values())
    return result


def recorded_calls(organization_id: UUID) -> Recordings:
    """Calls that ran, waited and were refused. What ran because somebody approved it counts once, as what waited."""
    since = database_now() - timedelta(days=DAYS)
    ran, ran_since = _logged(organization_id, CALL_INTENT, since)
    refused, refused_since = _logged(organization_id, CALL_REFUSED, since)
    held, held_since = _held(organization_id, since)
    reached = max(ran_since, refused_since, held_since)
    calls = [call for call in (*ran, *refused, *held) if call.at >= reached]
    return Recordings(calls, reached, reached == since)


def _logged(organization_id: UUID, code: str, since: datetime) -> tuple[list[Recorded], datetime]:
    events = Event.objects.filter(organization_id=organization_id, code=code, recorded_at__gte=since)
    found = list(events.order_by("-recorded_at")[:MOST_CALLS])
    was: Kind = "run" if code == CALL_INTENT else "refuse"
    calls = [
        Recorded(event.tool_id, _profile_of(event), was, event.recorded_at)
        for event in found
        if event.tool_id is not None and not (code == CALL_INTENT and event.fields.get("ticket"))
    ]
    return calls, found[-1].recorded_at if len(found) == MOST_CALLS else since


def _held(organization_id: UUID, since: datetime) -> tuple[list[Recorded], datetime]:
    actions = PendingAction.objects.filter(organization_id=organization_id, created_at__gte=since)
    rows = actions.order_by("-created_at").values_list("tool_id", "profile_id", "created_at")[:MOST_CALLS]
    found = [Recorded(tool_id, profile_id, "hold", at) for tool_id, profile_id, at in rows]
    return found, found[-1].at if len(found) == MOST_CALLS else since


def _profile_of(event: Event) -> UUID | None:
    named = event.fields.get("profile")
    return UUID(named["id"]) if isinstance(named, dict) and named.get("id") else None


def _scopes(organization: Organization) -> dict[UUID | None, list[AutonomousScope]]:
    """By profile, those that stand now and cover whatever the arguments are."""
    standing = AutonomousScope.objects.filter(
        organization=organization, ended_at=None, expires_at__gt=Now(), condition=""
    )
    found = defaultdict[UUID | None, list[AutonomousScope]](list)
    for scope in standing.prefetch_related("tools")[:MOST_SCOPES]:
        found[scope.profile_id].append(scope)
    return found


def _would(call: Recorded, tool: Tool, draft: Draft, scopes: list[AutonomousScope]) -> Kind:
    """What was refused stays refused: no draft here gives anybody a tool."""
    if call.was == "refuse":
        return "refuse"
    if not draft.concerns(call.profile_id):
        return call.was
    scope = next((one for one in scopes if tool in one.tools.all() or tool.risk in one.classes), None)
    holds = Scope(scope.name, scope.expires_at, tool in scope.tools.all()) if scope else None
    return judge(GateFacts(draft.trust, tool.risk, tool.requires_confirmation, scope=holds)).kind


def _load(held: list[datetime], found: Recordings) -> Load:
    days = max(1, (database_now() - found.since).days)
    by_day = Counter(at.date() for at in held)
    by_hour = Counter(at.replace(minute=0, second=0, microsecond=0) for at in held)
    return Load(len(held), days, max(by_day.values(), default=0), max(by_hour.values(), default=0))


def _most_changed(changes: Iterable[ToolChange]) -> list[ToolChange]:
    differing = [one for one in changes if one.was != one.would]
    differing.sort(key=lambda one: (-abs(one.more_held), one.tool.name))
    return differing[:MOST_ROWS]
