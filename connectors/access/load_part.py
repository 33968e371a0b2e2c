"""A part of an organization's facts, for a page: some tools, some people, some profiles, and of each what concerns the
others. What the rules say of them is what they say with everything loaded."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from connectors.access.facts import OrganizationFacts
from connectors.access.load import Among, connector_rows, member_rows, profile_rows, rows_of
from connectors.access.load_tools import tool_rows
from connectors.models import Connector, Profile, Tool
from harriet.people.models import Group, Membership, Organization


def load_part(
    organization: Organization,
    *,
    tools: Collection[UUID],
    people: Collection[UUID],
    profiles: QuerySet[Profile],
    connector: Connector | None = None,
) -> OrganizationFacts:
    """By ids of tools and of memberships; the tools' one connector, where it was read already."""
    found = Tool.objects.filter(pk__in=tools, organization=organization)
    of_tools = Connector.objects.filter(pk__in=found.values("connector"))
    connectors = rows_of([connector], organization) if connector else connector_rows(of_tools, organization)
    groups = dict(Group.objects.filter(tool_permissions__tool__in=found).values_list("id", "name").distinct())
    members = member_rows(Membership.objects.filter(pk__in=people, organization=organization))
    among = Among(connectors=list(connectors), tools=list(tools), people=list(people))
    return OrganizationFacts(
        id=organization.id,
        slug=organization.slug,
        name=organization.name,
        hold_seconds=organization.hold_seconds,
        connectors=connectors,
        tools=tool_rows(found, connectors, groups, None),
        profiles=profile_rows(profiles.filter(organization=organization), among),
        groups=groups,
        members=members,
    )
