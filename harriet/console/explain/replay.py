"""A draft of a policy, asked about the calls of the last thirty days: what would have run, waited or been refused.

Tools are judged as they are today. Of calls that ran, the log keeps a digest of the arguments and not the arguments:
what a rule on arguments would have said of them is not known, and no number here claims it. How many calls such rules
look at is known, and told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from django.db.models.functions import Now

from approvals.conflicts import STRICT
from approvals.gate import GateDecision, GateFacts, Kind, Scope, judge, stricter
from approvals.models import PendingAction
from audit.events import CALL_INTENT, CALL_REFUSED
from audit.models import Event
from connectors.models import ArgumentRule, AutonomousScope, Connector, Profile, Tool
from harriet.lib.database_clock import database_now
from harriet.people.models import Membership, Organization

DAYS = 30
MOST_CALLS = 20_000
"""Of each kind, the newest."""
MOST_ROWS = 25
MOST_SCOPES = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be tried, of which any part may be left as it is: another trust level for a profile, or for all of
    them; that each call of a tool is held, or refused; that others decide on the held calls of a connector, or of all
    of them."""

    trust: str = ""
    profile_id: UUID | None = None
    effect: Literal["", "hold", "refuse"] = ""
    tool_id: UUID | None = None
    deciders: str = ""
    """Of Connector.Deciders."""
    connector_id: UUID | None = None

    def judges(self, profile_id: UUID | None) -> bool:
        """Whether it has another trust level for calls through this profile."""
        return bool(self.trust) and self.profile_id in (None, profile_id)

    def deciders_of(self, connector: Connector) -> str:
        return self.deciders if self.deciders and self.connector_id in (None, connector.pk) else connector.deciders


class Recorded(NamedTuple):
    tool_id: UUID
    profile_id: UUID | None
    person_id: UUID | None
    """Whoever called: a person, an agent, a key."""
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


class Waited(NamedTuple):
    """A call that somebody decided on, or would."""

    at: datetime
    approvals: int
    """That it takes of approvers; 0 where whoever asked may decide."""


@dataclass(frozen=True, slots=True)
class Load:
    """What it asks of approvers, and of those who decide on their own calls."""

    decisions: int
    days: int
    busiest_day: int
    busiest_hour: int
    own: int = 0
    """Calls on which whoever asked may decide."""

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
    ruled: int = 0
    """Calls that rules on arguments look at, of those that ran or waited."""


def replay(organization: Organization, draft: Draft) -> Replay:
    found = recorded_calls(organization.pk)
    result = Replay(found)
    ids = {call.tool_id for call in found.calls}
    tools = Tool.objects.filter(organization=organization).select_related("connector").in_bulk(ids)
    called = Profile.objects.filter(organization=organization, pk__in={call.profile_id for call in found.calls})
    profiles = set(called.values_list("pk", flat=True))
    by_tool = {pk: ToolChange(tool) for pk, tool in tools.items()}
    judged, ruled, people = _Judged(draft, _scopes(organization)), _ruled(tools.values()), _people(organization, found)
    waited_was, waited = list[Waited](), list[Waited]()
    for call in found.calls:
        if call.tool_id not in tools or call.profile_id not in profiles:
            result.gone += 1
            continue
        change = by_tool[call.tool_id]
        would = judged.kind_of(call, change.tool)
        for was_counts, would_counts in ((result.was, result.would), (change.was, change.would)):
            was_counts[call.was] += 1
            would_counts[would] += 1
        result.ruled += call.was != "refuse" and call.tool_id in ruled
        connector, is_person = change.tool.connector, call.person_id in people
        if call.was == "hold":
            waited_was.append(Waited(call.at, _approvals(connector.deciders, change.tool, is_person)))
        if would == "hold":
            waited.append(Waited(call.at, _approvals(draft.deciders_of(connector), change.tool, is_person)))
    result.load_was, result.load = _load(waited_was, found), _load(waited, found)
    result.changes = _most_changed(by_tool.values())
    return result


def _ruled(tools: Iterable[Tool]) -> set[UUID]:
    """The tools on whose arguments rules are."""
    found = list(tools)
    rules = ArgumentRule.objects.filter(connector__in={tool.connector_id for tool in found}, is_on=True)
    named = set[tuple[UUID, UUID | None]](rules.order_by().values_list("connector_id", "tool_id").distinct())
    return {
        tool.pk
        for tool in found
        if (tool.connector_id, tool.pk) in named or (tool.kind == Tool.Kind.TOOL and (tool.connector_id, None) in named)
    }


def _people(organization: Organization, found: Recordings) -> set[UUID]:
    """Those of the callers who are people: an agent decides on nothing."""
    ids = {call.person_id for call in found.calls if call.person_id is not None}
    here = Membership.objects.filter(organization=organization, user__in=ids)
    return set(here.values_list("user_id", flat=True))


def _approvals(deciders: str, tool: Tool, is_person: bool) -> int:
    """Of approvers, for a held call of the tool."""
    if deciders == Connector.Deciders.TWO_PEOPLE:
        return 2
    is_own = deciders == Connector.Deciders.REQUESTER and is_person and tool.risk not in STRICT
    return 0 if is_own else 1


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
        Recorded(event.tool_id, _profile_of(event), event.person_id, was, event.recorded_at)
        for event in found
        if event.tool_id is not None and not (code == CALL_INTENT and event.fields.get("ticket"))
    ]
    return calls, found[-1].recorded_at if len(found) == MOST_CALLS else since


def _held(organization_id: UUID, since: datetime) -> tuple[list[Recorded], datetime]:
    actions = PendingAction.objects.filter(organization_id=organization_id, created_at__gte=since)
    rows = actions.order_by("-created_at").values_list("tool_id", "profile_id", "user_id", "created_at")[:MOST_CALLS]
    found = [Recorded(tool_id, profile_id, user_id, "hold", at) for tool_id, profile_id, user_id, at in rows]
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


class _Judged:
    """Each tool, profile and what it was is judged once."""

    def __init__(self, draft: Draft, scopes: Mapping[UUID | None, list[AutonomousScope]]) -> None:
        self._draft, self._scopes = draft, scopes
        self._known: dict[tuple[UUID, UUID | None, Kind], Kind] = {}

    def kind_of(self, call: Recorded, tool: Tool) -> Kind:
        key = (call.tool_id, call.profile_id, call.was)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._would(call, tool)
        return known

    def _would(self, call: Recorded, tool: Tool) -> Kind:
        """What was refused stays refused: no draft here gives anybody a tool."""
        if call.was == "refuse":
            return "refuse"
        draft, decision = self._draft, GateDecision(call.was, "")
        if draft.judges(call.profile_id):
            decision = judge(self._facts(tool, self._scopes.get(call.profile_id, [])))
        if draft.effect and tool.pk == draft.tool_id:
            decision = stricter(decision, GateDecision(draft.effect, ""))
        return decision.kind

    def _facts(self, tool: Tool, scopes: list[AutonomousScope]) -> GateFacts:
        scope = next((one for one in scopes if tool in one.tools.all() or tool.risk in one.classes), None)
        holds = Scope(scope.name, scope.expires_at, tool in scope.tools.all()) if scope else None
        return GateFacts(self._draft.trust, tool.risk, tool.requires_confirmation, scope=holds)


def _load(waited: list[Waited], found: Recordings) -> Load:
    days = max(1, (database_now() - found.since).days)
    by_day, by_hour = Counter[date](), Counter[datetime]()
    for one in waited:
        by_day[one.at.date()] += one.approvals
        by_hour[one.at.replace(minute=0, second=0, microsecond=0)] += one.approvals
    return Load(
        decisions=by_day.total(),
        days=days,
        busiest_day=max(by_day.values(), default=0),
        busiest_hour=max(by_hour.values(), default=0),
        own=sum(one.approvals == 0 for one in waited),
    )


def _most_changed(changes: Iterable[ToolChange]) -> list[ToolChange]:
    differing = [one for one in changes if one.was != one.would]
    differing.sort(key=lambda one: (-abs(one.more_held), one.tool.name))
    return differing[:MOST_ROWS]
