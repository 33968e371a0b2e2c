"""The rules of `connectors.access.rules` asked of the database, for lists too long to be read: what a person may call,
and who may call something. A test compares both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, UUIDField, Value, When
from django.db.models.functions import Cast

from connectors.access.usable import usable_tools
from connectors.models import CALLABLE, EVERYONE, Profile, Tool, ToolPermission
from harriet.lib.looked_up import is_there
from harriet.pages.counts import CountAtMost
from harriet.people.models import Membership, Organization

Grant = tuple[Any, ...]
"""A group, or a role."""

FEW = 1_000
"""People of some profiles who are looked for by their ids. More of them are soon met by whoever goes through everybody
in order: a page then reads as few rows as when all have the profiles."""
_ACTIVE = Q(is_active=True, user__is_active=True)
_NO_ID = Cast(Value(None), UUIDField())
_GROUPS = Membership.groups.through.objects
_CONNECTORS = Profile.connectors.through.objects
_TOOLS = Profile.tools.through.objects


def is_in(profiles: QuerySet[Profile]) -> Q:
    """Of a tool: one of these profiles contains it."""
    ids = profiles.order_by().values("pk")
    whole = _CONNECTORS.filter(profile__in=ids).values("connector")
    return Q(connector__in=whole) | Q(pk__in=_TOOLS.filter(profile__in=ids).values("tool"))


def profiles_with(tools: Iterable[Tool]) -> QuerySet[Profile]:
    """Those that contain one of these tools."""
    found = list(tools)
    whole = _CONNECTORS.filter(connector__in={tool.connector_id for tool in found}).values("profile")
    single = _TOOLS.filter(tool__in=found).values("profile")
    return Profile.objects.filter(Q(pk__in=whole) | Q(pk__in=single))


def callable_first(tools: QuerySet[Tool], membership: Membership, profile: Profile | None = None) -> QuerySet[Tool]:
    """With `rank`: 0 for what the person may call, 1 for the rest."""
    usable = usable_tools(membership, profile).order_by().values("pk")
    return tools.annotate(rank=Case(When(pk__in=usable, then=0), default=1, output_field=IntegerField()))


def havers_of(profile: Profile) -> QuerySet[Membership]:
    """Active people who have the profile, by name or through a group."""
    return _among(profile.organization_id, [profile.pk]).filter(_has([profile.pk]))


def counts_for(profile: Profile, people: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """By membership, of people who have the profile: how many of each kind they may call there."""
    person = OuterRef(OuterRef(OuterRef("pk")))
    by_group = Q(group__in=_GROUPS.filter(membership=person).values("group"))
    by_role = Q(role=EVERYONE) | Q(role=OuterRef(OuterRef("role")), group=None)
    allowed = Exists(ToolPermission.objects.filter(by_group | by_role, tool=OuterRef("pk")))
    tools = Tool.objects.filter(CALLABLE & is_in(Profile.objects.filter(pk=profile.pk))).filter(allowed)
    counts = {f"{kind}_count": CountAtMost(tools.filter(kind=kind)) for kind in Tool.Kind.values}
    rows = Membership.objects.filter(pk__in=list(people)).annotate(**counts).values("pk", *counts)
    return {row["pk"]: {kind: row[f"{kind}_count"] for kind in Tool.Kind.values} for row in rows}


def callers_of(organization: Organization, tools: QuerySet[Tool]) -> QuerySet[Membership]:
    """Active people who may call at least one of these tools."""
    found = tools.filter(CALLABLE, organization=organization).order_by()
    by_grants = _by_grants(found)
    anyone = Q(pk__in=[])
    for grants, profiles in by_grants.items():
        anyone |= _has(profiles) & _is_granted(grants)
    return _among(organization.pk, [profile for some in by_grants.values() for profile in some]).filter(anyone)


def _among(organization_id: UUID, profiles: list[UUID]) -> QuerySet[Membership]:
    """Active people, among them all who have one of these profiles."""
    people = Membership.objects.filter(_ACTIVE, organization_id=organization_id).select_related("user")
    named = Profile.people.through.objects.filter(profile__in=profiles).order_by().values_list("membership")
    grouped = _GROUPS.filter(group__in=_groups_of(profiles)).order_by().values_list("membership")
    ids = [pk for (pk,) in named[: FEW + 1].union(grouped[: FEW + 1], all=True)]
    return people.filter(pk__in=set(ids)) if len(ids) <= FEW else people


def _by_grants(tools: QuerySet[Tool]) -> dict[frozenset[Grant], list[UUID]]:
    """Profiles by whom their part of these tools is given to: most give them to the same."""
    of_connector: dict[UUID, set[Grant]] = defaultdict(set)
    of_profile: dict[UUID, set[Grant]] = defaultdict(set)
    whole: list[tuple[UUID, UUID]] = []
    for profile, connector, *grant in _parts_of(tools):
        if profile and connector:
            whole.append((profile, connector))
        elif connector:
            of_connector[connector].add(tuple(grant))
        else:
            of_profile[profile].add(tuple(grant))
    for profile, connector in whole:
        of_profile[profile] |= of_connector[connector]
    profiles: dict[frozenset[Grant], list[UUID]] = defaultdict(list)
    for profile, grants in of_profile.items():
        profiles[frozenset(grants)].append(profile)
    return profiles


def _parts_of(tools: QuerySet[Tool]) -> QuerySet[Any, Any]:
    """What decides about them, in one query: to whom each connector's are given, in which profiles the connector is,
    and to whom a profile's single ones are given. Columns: profile, connector, group, role; None where it isn't one."""
    granted = ToolPermission.objects.filter(tool__in=tools).order_by()
    connectors = _CONNECTORS.filter(connector__in=tools.values("connector")).order_by()
    by_connector = granted.values_list(_NO_ID, "tool__connector_id", "group_id", "role").distinct()
    in_profiles = connectors.values_list("profile_id", "connector_id", _NO_ID, Value(""))
    by_profile = granted.exclude(tool__profiles=None).values_list("tool__profiles", _NO_ID, "group_id", "role")
    return by_connector.union(in_profiles, by_profile.distinct(), all=True)


def _has(profiles: Iterable[UUID]) -> Q:
    """Of a membership: one of these profiles is theirs."""
    ids = list(profiles)
    mine = Profile.people.through.objects.filter(profile__in=ids, membership=OuterRef("pk"))
    return is_there(mine) | is_there(_GROUPS.filter(group__in=_groups_of(ids), membership=OuterRef("pk")))


def _is_granted(grants: Iterable[Grant]) -> Q:
    groups = [group for group, _ in grants if group]
    roles = [role for group, role in grants if not group]
    if EVERYONE in roles:
        return Q()
    return Q(role__in=roles) | is_there(_GROUPS.filter(group__in=groups, membership=OuterRef("pk")))


def _groups_of(profiles: list[UUID]) -> QuerySet[Any, Any]:
    return Profile.groups.through.objects.filter(profile__in=profiles).values("group")
