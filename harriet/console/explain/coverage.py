"""Which tools run without a person, for whom, and by whose word they count as harmless."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from audit.call_counts import calls_of_tools
from connectors.access.grantees import role_label
from connectors.access.in_database import profiles_with
from connectors.models import CALLABLE, EVERYONE, AutonomousScope, Profile, Risk, Tool, ToolPermission, of_risk
from harriet.gateway.policy.view import MAY_BE_COVERED
from harriet.people.models import Organization
from harriet.people.queries import database_now
from harriet.people.trust import Trust

DAYS = 30
MOST_NAMED = 5
"""Profiles, groups and roles that a row names."""


def ungated(organization: Organization) -> QuerySet[Tool]:
    """Those of which the gate lets calls run, for somebody who opens one of the profiles."""
    asked_less = Profile.objects.filter(organization=organization).exclude(trust=Trust.MANUAL)
    contained = Exists(asked_less.filter(connectors=OuterRef("connector"))) | Exists(
        asked_less.filter(tools=OuterRef("pk"))
    )
    given = Exists(ToolPermission.objects.filter(tool=OuterRef("pk")))
    offered = Tool.objects.filter(CALLABLE, given, organization=organization, requires_confirmation=False)
    runs = (Q(contained) & of_risk(Risk.READ_ONLY)) | _covered(organization)
    return offered.filter(runs).select_related("connector")


def _covered(organization: Organization) -> Q:
    """By a scope of an autonomous profile that has the tool: at least some of its calls run."""
    standing = AutonomousScope.objects.filter(
        organization=organization, profile__trust=Trust.AUTONOMOUS, ended_at=None, expires_at__gt=Now()
    )
    here = standing.filter(Q(profile__connectors=OuterRef("connector")) | Q(profile__tools=OuterRef("pk")))
    named = Q(Exists(here.filter(tools=OuterRef("pk")))) & of_risk(*MAY_BE_COVERED)
    return named | (Q(Exists(here.filter(classes__contains=[Risk.MODERATE]))) & of_risk(Risk.MODERATE))


@dataclass(frozen=True, slots=True)
class CoverageRow:
    tool: Tool
    profiles: list[str]
    grantees: list[str]
    more_profiles: int
    more_grantees: int
    calls: int
    """In the last thirty days, as far as they are sealed."""

    @property
    def is_by_scope(self) -> bool:
        """It is not read-only: a scope lets it run."""
        return self.tool.risk != Risk.READ_ONLY

    @property
    def is_word_of_admin(self) -> bool:
        return bool(self.tool.risk_override)


def coverage_rows(organization: Organization, tools: list[Tool]) -> list[CoverageRow]:
    """Of the tools of one page."""
    profiles, grantees = _profiles(tools), _grantees(tools)
    calls = calls_of_tools(organization.pk, [tool.pk for tool in tools], since=database_now() - timedelta(days=DAYS))
    return [
        CoverageRow(
            tool=tool,
            profiles=profiles[tool.pk][:MOST_NAMED],
            grantees=grantees[tool.pk][:MOST_NAMED],
            more_profiles=max(0, len(profiles[tool.pk]) - MOST_NAMED),
            more_grantees=max(0, len(grantees[tool.pk]) - MOST_NAMED),
            calls=calls.get(tool.pk, 0),
        )
        for tool in tools
    ]


def _profiles(tools: list[Tool]) -> dict[UUID, list[str]]:
    found = profiles_with(tools).exclude(trust=Trust.MANUAL)
    by_connector, by_tool = defaultdict[UUID, set[str]](set), defaultdict[UUID, set[str]](set)
    connectors = {tool.connector_id for tool in tools}
    for name, connector in found.filter(connectors__in=connectors).values_list("name", "connectors"):
        by_connector[connector].add(name)
    for name, tool in found.filter(tools__in=tools).values_list("name", "tools"):
        by_tool[tool].add(name)
    return {one.pk: sorted(by_connector[one.connector_id] | by_tool[one.pk]) for one in tools}


def _grantees(tools: list[Tool]) -> dict[UUID, list[str]]:
    found = defaultdict[UUID, list[str]](list)
    rows = ToolPermission.objects.filter(tool__in=tools).values_list("tool", "group__name", "role")
    for tool, group, role in rows:
        found[tool].append(group or ("everyone" if role == EVERYONE else role_label(role)))
    return {tool.pk: sorted(found[tool.pk]) for tool in tools}
