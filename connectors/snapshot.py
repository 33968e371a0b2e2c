"""Everything of one organization that decides about calls, as plain values, in a handful of bulk queries.

The gateway compiles its snapshot from `load(organization_id)`; the pages preview with the same facts. No ORM object
leaves this file. Credentials are the vault's (`vault.queries.sealed_credentials`) and tokens are people's; the gateway
joins them by id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from harriet.lib.egress import Reach
from harriet.people.models import Group, Membership, Organization

from .access import CallerFacts, ProfileFacts, ToolFacts, shown_name
from .models import Connector, Profile, Tool, ToolPermission, ToolVersion


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    id: UUID
    slug: str
    name: str
    kind: str
    url: str
    reach: Reach
    era: str
    state: str
    health: str
    health_reason: str
    revision: int


@dataclass(frozen=True, slots=True)
class ToolRow:
    id: UUID
    name: str
    connector: ConnectorRow
    facts: ToolFacts
    definition: Mapping[str, Any]
    """The pinned definition, as the server sent it."""
    digest: bytes
    risk: str
    requires_confirmation: bool

    def shown_name(self, profile: ProfileRow) -> str:
        return shown_name(self.connector.slug, self.name, profile.has_prefix)


@dataclass(frozen=True, slots=True)
class ProfileRow:
    id: UUID
    slug: str
    name: str
    has_prefix: bool
    facts: ProfileFacts


@dataclass(frozen=True, slots=True)
class MemberRow:
    membership_id: UUID
    user_id: UUID
    email: str
    name: str
    facts: CallerFacts


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    id: UUID
    slug: str
    name: str
    hold_seconds: int
    connectors: Mapping[UUID, ConnectorRow]
    tools: Mapping[UUID, ToolRow]
    profiles: Mapping[UUID, ProfileRow]
    members: Mapping[UUID, MemberRow]
    """By user id."""
    groups: Mapping[UUID, str]

    def tools_in(self, profile: ProfileRow) -> list[ToolRow]:
        """What the profile contains, whoever may call it, by name."""
        facts = profile.facts
        found = (
            tool
            for tool in self.tools.values()
            if tool.connector.id in facts.connector_ids or tool.id in facts.tool_ids
        )
        return sorted(found, key=lambda tool: (tool.connector.slug, tool.name))


def load(organization_id: UUID) -> OrganizationFacts:
    """The facts of one organization. Raises Organization.DoesNotExist."""
    organization = Organization.objects.get(pk=organization_id)
    groups = dict(Group.objects.filter(organization=organization).values_list("id", "name"))
    connectors = _connectors(organization)
    return OrganizationFacts(
        id=organization.id,
        slug=organization.slug,
        name=organization.name,
        hold_seconds=organization.hold_seconds,
        connectors=connectors,
        tools=_tools(organization_id, connectors, groups),
        profiles=_profiles(organization_id),
        members=_members(organization_id),
        groups=groups,
    )


def integration_facts(label: str, group_ids: Iterable[UUID]) -> CallerFacts:
    """An integration key as a caller: nobody's, so only its own groups count."""
    return CallerFacts(label=label, is_active=True, role=None, group_ids=frozenset(group_ids))


def reach_of(connector: Connector, organization: Organization) -> Reach:
    return Reach(allow_internal=connector.allow_internal, internal_hosts=tuple(organization.internal_hosts))


def _connectors(organization: Organization) -> dict[UUID, ConnectorRow]:
    rows = Connector.objects.filter(organization=organization).defer("instructions", "server_info")
    return {row.id: _connector(row, organization) for row in rows}


def _connector(row: Connector, organization: Organization) -> ConnectorRow:
    return ConnectorRow(
        id=row.id,
        slug=row.slug,
        name=row.name,
        kind=row.kind,
        url=row.url,
        reach=reach_of(row, organization),
        era=row.era,
        state=row.state,
        health=row.health,
        health_reason=row.health_reason,
        revision=row.revision,
    )


def _tools(
    organization_id: UUID, connectors: Mapping[UUID, ConnectorRow], groups: Mapping[UUID, str]
) -> dict[UUID, ToolRow]:
    pinned = {
        version.tool_id: version
        for version in ToolVersion.objects.filter(tool__organization_id=organization_id, is_pinned=True)
    }
    allowed_groups, allowed_roles = _permissions(organization_id, groups)
    tools = {}
    for row in Tool.objects.filter(organization_id=organization_id):
        connector, version = connectors.get(row.connector_id), pinned.get(row.id)
        if connector is None or version is None:
            continue  # created by a transaction that committed between our queries: the next snapshot has it
        facts = ToolFacts(
            tool_id=row.id,
            name=row.name,
            connector_id=connector.id,
            connector_name=connector.name,
            connector_state=connector.state,
            state=row.state,
            is_enabled=row.is_enabled,
            groups=allowed_groups.get(row.id, {}),
            roles=frozenset(allowed_roles.get(row.id, ())),
        )
        tools[row.id] = ToolRow(
            id=row.id,
            name=row.name,
            connector=connector,
            facts=facts,
            definition=version.definition,
            digest=bytes(version.digest),
            risk=row.risk,
            requires_confirmation=row.requires_confirmation,
        )
    return tools


def _permissions(
    organization_id: UUID, groups: Mapping[UUID, str]
) -> tuple[dict[UUID, dict[UUID, str]], dict[UUID, set[str]]]:
    by_group: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    by_role: dict[UUID, set[str]] = defaultdict(set)
    rows = ToolPermission.objects.filter(tool__organization_id=organization_id)
    for tool_id, group_id, role in rows.values_list("tool_id", "group_id", "role"):
        if group_id is None:
            by_role[tool_id].add(role)
        elif group_id in groups:
            by_group[tool_id][group_id] = groups[group_id]
    return by_group, by_role


def _pairs(through: Any, owner: str, member: str, **where: Any) -> dict[UUID, set[UUID]]:
    """A many-to-many table in one query: owner id → member ids."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for owner_id, member_id in through.objects.filter(**where).values_list(owner, member):
        found[owner_id].add(member_id)
    return found


def _profiles(organization_id: UUID) -> dict[UUID, ProfileRow]:
    where = {"profile__organization_id": organization_id}
    connectors = _pairs(Profile.connectors.through, "profile_id", "connector_id", **where)
    tools = _pairs(Profile.tools.through, "profile_id", "tool_id", **where)
    groups = _pairs(Profile.groups.through, "profile_id", "group_id", **where)
    people = _pairs(Profile.people.through, "profile_id", "membership_id", **where)
    return {
        row.id: ProfileRow(
            id=row.id,
            slug=row.slug,
            name=row.name,
            has_prefix=row.has_prefix,
            facts=ProfileFacts(
                profile_id=row.id,
                name=row.name,
                connector_ids=frozenset(connectors.get(row.id, ())),
                tool_ids=frozenset(tools.get(row.id, ())),
                group_ids=frozenset(groups.get(row.id, ())),
                membership_ids=frozenset(people.get(row.id, ())),
            ),
        )
        for row in Profile.objects.filter(organization_id=organization_id)
    }


def _members(organization_id: UUID) -> dict[UUID, MemberRow]:
    groups = _pairs(Membership.groups.through, "membership_id", "group_id", membership__organization_id=organization_id)
    rows = Membership.objects.filter(organization_id=organization_id).select_related("user")
    return {row.user_id: member_row(row, groups.get(row.id, set())) for row in rows}


def member_row(membership: Membership, group_ids: Iterable[UUID]) -> MemberRow:
    user = membership.user
    return MemberRow(
        membership_id=membership.id,
        user_id=user.id,
        email=user.email,
        name=user.name,
        facts=CallerFacts(
            label=str(user),
            is_active=membership.is_active and user.is_active,
            role=membership.role,
            group_ids=frozenset(group_ids),
            membership_id=membership.id,
        ),
    )
