"""What a person may use, a page at a time: by connector, with what decides about each and when they last used it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from approvals.gate import GateFacts, judge
from audit.events import CALL_INTENT
from audit.queries import EventFilters, events_of
from connectors.access.in_database import is_in
from connectors.access.usable import usable_tools
from connectors.models import ArgumentRule, Connector, Profile, Risk, Tool, of_risk
from connectors.queries import profiles_for
from harriet.people.models import Membership
from harriet.people.trust import Trust

PAGE = 40
"""Tools on one page."""
LOOKED_THROUGH = 2000
"""Of the person's latest events, to find when each tool was used."""
MOST_PROFILES = 50


@dataclass(frozen=True, slots=True)
class ToolFilters:
    """Which of the tools; empty means any."""

    text: str = ""
    risk: str = ""
    asks: str = ""
    """yes or no: whether a call may have to wait for a person."""
    cursor: str = ""
    """The tool after which the page begins."""


@dataclass(frozen=True, slots=True)
class MyTool:
    tool: Tool
    profiles: list[str]
    """Those of the person's that offer it, by name."""
    used_at: datetime | None
    waits: str
    """Whether its calls wait for a person: yes, no, or that it depends on the call and the profile."""


@dataclass(frozen=True, slots=True)
class MyConnector:
    connector: Connector
    tools: list[MyTool]


@dataclass(frozen=True, slots=True)
class MyTools:
    connectors: list[MyConnector]
    next: str
    """The cursor of the page after this one; empty on the last."""
    is_later: bool
    """There are others before these."""
    knows_all_calls: bool
    """Every call of the person's was looked at: what has no time was never used."""


def my_tools(membership: Membership, filters: ToolFilters) -> MyTools:
    """By connector and name. A cursor that can't be read means the first page."""
    found = _filtered(usable_tools(membership), filters, membership)
    place = _place(membership, filters.cursor)
    ordered = (found.filter(place) if place else found).order_by("connector__name", "connector_id", "name", "pk")
    rows = list(ordered.select_related("connector")[: PAGE + 1])
    shown, used = rows[:PAGE], _last_used(membership)
    profiles, ruled = _profiles_of(membership, shown), _with_rules(shown)
    return MyTools(
        connectors=_by_connector(_shown(tool, profiles[tool.pk], used.times.get(tool.pk), ruled) for tool in shown),
        next=str(shown[-1].pk) if len(rows) > PAGE else "",
        is_later=place is not None,
        knows_all_calls=used.is_all,
    )


def _filtered(tools: QuerySet[Tool], filters: ToolFilters, membership: Membership) -> QuerySet[Tool]:
    for word in filters.text.split()[:5]:
        named = Q(name__icontains=word) | Q(description__icontains=word) | Q(connector__name__icontains=word)
        tools = tools.filter(named)
    if filters.risk:
        tools = tools.filter(of_risk(filters.risk))
    if filters.asks == "no":
        tools = tools.filter(_never_waits(membership))
    elif filters.asks == "yes":
        tools = tools.exclude(_never_waits(membership))
    return tools


def _never_waits(membership: Membership) -> Q:
    """Of a tool, whoever of the person's profiles offers it: as the gate says of a call that nothing else holds."""
    manual = is_in(profiles_for(membership).filter(trust=Trust.MANUAL))
    rules = _rules_of_a_tool()
    return of_risk(Risk.READ_ONLY) & Q(requires_confirmation=False) & ~manual & Q(~Exists(rules))


def _rules_of_a_tool() -> QuerySet[ArgumentRule]:
    """Those that stand in a query's way of its tools: of the connector, for tools, or of the one."""
    about = Q(tool=OuterRef("pk")) | (Q(tool=None) & Q(connector__tools=OuterRef("pk"), connector__tools__kind="tool"))
    return ArgumentRule.objects.filter(about, connector=OuterRef("connector"), is_on=True)


def _with_rules(tools: list[Tool]) -> set[UUID]:
    """Those whose calls rules on arguments may stop."""
    rules = _rules_of_a_tool()
    found = Tool.objects.filter(Exists(rules), pk__in=[tool.pk for tool in tools])
    return set(found.values_list("pk", flat=True))


def _shown(tool: Tool, profiles: list[Profile], used_at: datetime | None, ruled: set[UUID]) -> MyTool:
    says = {judge(GateFacts(one.trust, tool.risk, tool.requires_confirmation)).kind for one in profiles}
    may_be_covered = tool.risk in (Risk.MODERATE, Risk.UNKNOWN) and not tool.requires_confirmation
    is_open = may_be_covered and any(one.trust == Trust.AUTONOMOUS for one in profiles)
    if says == {"hold"} and not is_open:
        waits = "yes"
    else:
        waits = "no" if says == {"run"} and tool.pk not in ruled else "depends"
    return MyTool(tool, [profile.name for profile in profiles], used_at, waits)


def _place(membership: Membership, cursor: str) -> Q | None:
    try:
        after = Tool.objects.filter(organization=membership.organization_id, pk=UUID(cursor))
    except ValueError:
        return None
    last = after.select_related("connector").first()
    if last is None:
        return None
    same, here = Q(connector__name=last.connector.name), Q(connector_id=last.connector_id)
    later_here = Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk)
    later = Q(connector_id__gt=last.connector_id) | (here & later_here)
    return Q(connector__name__gt=last.connector.name) | (same & later)


@dataclass(frozen=True, slots=True)
class _Used:
    times: dict[UUID, datetime]
    is_all: bool


def _last_used(membership: Membership) -> _Used:
    """Out of the latest of the person's events: how far that goes back depends on how much they do."""
    mine = events_of(membership.organization_id, EventFilters(person=membership.user_id))
    latest = mine.values_list("pk", flat=True)[:LOOKED_THROUGH]
    calls = mine.filter(pk__in=latest, code=CALL_INTENT).exclude(tool_id=None).order_by()
    times = dict(calls.values_list("tool_id").annotate(at=Max("recorded_at")))
    return _Used(times, not mine[LOOKED_THROUGH : LOOKED_THROUGH + 1].exists())


def _profiles_of(membership: Membership, tools: list[Tool]) -> dict[UUID, list[Profile]]:
    mine = {profile.pk: profile for profile in profiles_for(membership)[:MOST_PROFILES]}
    whole = Profile.connectors.through.objects.filter(
        profile__in=mine, connector__in={tool.connector_id for tool in tools}
    )
    single = Profile.tools.through.objects.filter(profile__in=mine, tool__in=[tool.pk for tool in tools])
    by_connector, by_tool = defaultdict(set), defaultdict(set)
    for profile_id, connector_id in whole.values_list("profile_id", "connector_id"):
        by_connector[connector_id].add(mine[profile_id])
    for profile_id, tool_id in single.values_list("profile_id", "tool_id"):
        by_tool[tool_id].add(mine[profile_id])
    return {
        tool.pk: sorted(by_connector[tool.connector_id] | by_tool[tool.pk], key=lambda profile: profile.name)
        for tool in tools
    }


def _by_connector(tools: Iterable[MyTool]) -> list[MyConnector]:
    found: list[MyConnector] = []
    for one in tools:
        if not found or found[-1].connector.pk != one.tool.connector_id:
            found.append(MyConnector(one.tool.connector, []))
        found[-1].tools.append(one)
    return found
