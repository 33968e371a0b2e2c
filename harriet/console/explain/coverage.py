"""Which tools run without a person, for whom, and by whose word they count as harmless."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from audit.call_counts import calls_of_tools
from connectors.access.grantees import role_label
from connectors.access.in_database import is_in
from connectors.models import CALLABLE, EVERYONE, AutonomousScope, Profile, Risk, Tool, ToolPermission, of_risk
from harriet.gateway.policy.view import MAY_BE_COVERED
from harriet.lib.database_clock import database_now
from harriet.pages.counts import CountAtMost
from harriet.people.models import Organization
from harriet.people.trust import Trust

DAYS = 30
MOST_NAMED = 5
"""Profiles, groups and roles that a row names."""


def ungated(organization: Organization) -> QuerySet[Tool]:
    """Those of which the gate lets calls run, for somebody who opens one of the profiles."""
    asked_less = Profile.objects.filter(organization=organization).exclude(trust=Trust.MANUAL)
    given = Exists(ToolPermission.objects.filter(tool=OuterRef("pk")))
    offered = Tool.objects.filter(CALLABLE, given, organization=organization, requires_confirmation=False)
    runs = (is_in(asked_less) & of_risk(Risk.READ_ONLY)) | _covered(organization)
    return offered.filter(runs).select_related("connector")


def _covered(organization: Organization) -> Q:
    """By a scope of an autonomous profile that has the tool: at least some of its calls run. Scopes are gone through
    once, and not for each tool."""
    standing = AutonomousScope.objects.filter(
        organization=organization, profile__trust=Trust.AUTONOMOUS, ended_at=None, expires_at__gt=Now()
    )
    profile = OuterRef("autonomousscope__profile")
    whole = Profile.connectors.through.objects.filter(profile=profile, connector=OuterRef("tool__connector"))
    single = Profile.tools.through.objects.filter(profile=profile, tool=OuterRef("tool"))
    named = AutonomousScope.tools.through.objects.filter(autonomousscope__in=standing.order_by().values("pk"))
    had = named.filter(Exists(whole) | Exists(single)).values("tool")
    with_class = standing.filter(classes__contains=[Risk.MODERATE]).order_by().values("profile")
    in_class = is_in(Profile.objects.filter(pk__in=with_class))
    return (Q(pk__in=had) & of_risk(*MAY_BE_COVERED)) | (in_class & of_risk(Risk.MODERATE))


@dataclass(frozen=True, slots=True)
class CoverageRow:
    tool: Tool
    profiles: list[str]
    grantees: list[str]
    more_profiles: int
    """Beyond them, up to a bound."""
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
    ids = [tool.pk for tool in tools]
    told = {tool.pk: tool for tool in _told(ids)}
    calls = calls_of_tools(organization.pk, ids, since=database_now() - timedelta(days=DAYS))
    return [_row(tool, told[tool.pk], calls.get(tool.pk, 0)) for tool in tools if tool.pk in told]


def _row(tool: Tool, told: Any, calls: int) -> CoverageRow:
    """`told` is the tool as it was read for what stands beside it."""
    profiles = [*told.of_connector, *told.single][:MOST_NAMED]
    grantees = [*("everyone" if role == EVERYONE else role_label(role) for role in told.to_roles), *told.to_groups]
    return CoverageRow(
        tool=tool,
        profiles=sorted(profiles),
        grantees=sorted(grantees[:MOST_NAMED]),
        more_profiles=told.profiles_up_to - len(profiles),
        more_grantees=told.grantees_up_to - len(grantees[:MOST_NAMED]),
        calls=calls,
    )


def _told(ids: list[UUID]) -> list[Tool]:
    """With the first names of each list, and how many there are, up to a bound: a tool may be given to thousands of
    groups and lie in as many profiles."""
    asked_less = ~Q(profile__trust=Trust.MANUAL)
    whole = Profile.connectors.through.objects.filter(asked_less, connector=OuterRef("connector"))
    in_whole = Profile.connectors.through.objects.filter(
        profile=OuterRef("profile"), connector=OuterRef("tool__connector")
    )
    single = Profile.tools.through.objects.filter(~Exists(in_whole), asked_less, tool=OuterRef("pk"))
    given = ToolPermission.objects.filter(tool=OuterRef("pk"))
    told = Tool.objects.filter(pk__in=ids).annotate(
        of_connector=_first(whole, "profile"),
        single=_first(single, "profile"),
        profiles_up_to=CountAtMost(whole) + CountAtMost(single),
        to_groups=_first(given.exclude(group=None), "group"),
        to_roles=ArraySubquery(given.filter(group=None).order_by("role").values("role")),
        grantees_up_to=CountAtMost(given),
    )
    return list(told)


def _first(pairs: QuerySet[Any], what: str) -> ArraySubquery:
    return ArraySubquery(pairs.order_by(f"{what}_id").values(f"{what}__name")[:MOST_NAMED])
