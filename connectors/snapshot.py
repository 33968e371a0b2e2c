"""Everything of one organization that decides about calls, as plain values, in a handful of bulk queries.

The gateway compiles its snapshot from `load(organization_id)`; the pages preview with the same facts. No ORM object
leaves this file. Credentials are the vault's (`vault.queries.sealed_credentials`) and tokens are people's; the gateway
joins them by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from harriet.lib.egress import Reach
from harriet.people.models import Group, Membership, Organization

from .access import CallerFacts, ProfileFacts, ToolFacts, shown_name
from .labels import spoken_name
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
    capabilities: Mapping[str, Any]
    state: str
    health: str
    health_reason: str
    revision: int


@dataclass(frozen=True, slots=True)
class ToolRow:
    id: UUID
    kind: str
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
    is_progressive: bool = False


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
        return sorted(found, key=lambda tool: (tool.connector.slug, tool.name, tool.kind))


def load(organization_id: UUID) -> OrganizationFacts:
    """The facts of one organization. Raises Organization.DoesNotExist."""
    organization = Organization.objects.get(pk=organization_id)
    tools = Tool.objects.filter(organization=organization)
    return _facts(organization, _connectors(organization), tools, _pinned(organization_id))


def load_for_page(organization: Organization) -> OrganizationFacts:
    """The same rules, without the definitions."""
    return _facts(organization, _connectors(organization), Tool.objects.filter(organization=organization), None)


def load_for_connector(connector: Connector) -> OrganizationFacts:
    """The same, of one connector alone."""
    organization = connector.organization
    rows = {connector.id: _connector(connector, organization)}
    return _facts(organization, rows, Tool.objects.filter(connector=connector), None)


def _facts(
    organization: Organization,
    connectors: Mapping[UUID, ConnectorRow],
    tools: QuerySet[Tool],
    pinned: Mapping[UUID, Pinned] | None,
) -> OrganizationFacts:
    groups = dict(Group.objects.filter(organization=organization).values_list("id", "name"))
    return OrganizationFacts(
        id=organization.id,
        slug=organization.slug,
        name=organization.name,
        hold_seconds=organization.hold_seconds,
        connectors=connectors,
        tools=_tools(tools, connectors, groups, pinned),
        profiles=_profiles(organization.id),
        members=_members(organization.id),
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
        capabilities=row.capabilities,
        state=row.state,
        health=row.health,
        health_reason=row.health_reason,
        revision=row.revision,
    )


class Pinned(NamedTuple):
    digest: bytes
    definition: Mapping[str, Any]


_read: dict[UUID, dict[UUID, Pinned]] = {}
"""By organization, by version: what the last load in this process read. What a version's row defines never changes."""


def _pinned(organization_id: UUID) -> dict[UUID, Pinned]:
    """By tool. Definitions are most of an organization's bytes, so only new ones are read and parsed."""
    rows = ToolVersion.objects.filter(tool__organization_id=organization_id, is_pinned=True)
    tools, known = dict(rows.values_list("id", "tool_id")), _read.get(organization_id, {})
    missing = tools.keys() - known.keys()
    fresh = rows.filter(pk__in=missing).values_list("id", "digest", "definition") if missing else ()
    found = known | {row_id: Pinned(bytes(digest), definition) for row_id, digest, definition in fresh}
    _read[organization_id] = {row_id: found[row_id] for row_id in tools if row_id in found}
    return {tools[row_id]: version for row_id, version in _read[organization_id].items()}


def _tools(
    found: QuerySet[Tool],
    connectors: Mapping[UUID, ConnectorRow],
    groups: Mapping[UUID, str],
    pinned: Mapping[UUID, Pinned] | None,
) -> dict[UUID, ToolRow]:
    permissions = ToolPermission.objects.filter(tool=OuterRef("pk"))
    rows: Any = found.defer("description", "risk_reason").annotate(
        allowed_groups=ArraySubquery(permissions.exclude(group=None).values("group_id")),
        allowed_roles=ArraySubquery(permissions.filter(group=None).values("role")),
    )
    tools = {}
    for row in rows:
        connector, version = connectors.get(row.connector_id), pinned.get(row.id) if pinned is not None else None
        if connector is None or (version is None and pinned is not None):
            continue  # created by a transaction that committed between our queries: the next snapshot has it
        tools[row.id] = _tool(row, connector, groups, version)
    return tools


def _tool(row: Any, connector: ConnectorRow, groups: Mapping[UUID, str], version: Pinned | None) -> ToolRow:
    facts = ToolFacts(
        tool_id=row.id,
        name=spoken_name(row.kind, row.name),
        connector_id=connector.id,
        connector_name=connector.name,
        connector_state=connector.state,
        state=row.state,
        is_enabled=row.is_enabled,
        groups={group: groups[group] for group in row.allowed_groups if group in groups},
        roles=frozenset(row.allowed_roles),
    )
    return ToolRow(
        id=row.id,
        kind=row.kind,
        name=row.name,
        connector=connector,
        facts=facts,
        definition=version.definition if version else {},
        digest=version.digest if version else b"",
        risk=row.risk,
        requires_confirmation=row.requires_confirmation,
    )


def _ids(through: Any, owner: str, member: str) -> ArraySubquery:
    """The far ends of a many-to-many table, beside each row of the near end."""
    return ArraySubquery(through.objects.filter(**{owner: OuterRef("pk")}).values(member))


def _profiles(organization_id: UUID) -> dict[UUID, ProfileRow]:
    rows = Profile.objects.filter(organization_id=organization_id).annotate(
        connector_ids=_ids(Profile.connectors.through, "profile_id", "connector_id"),
        tool_ids=_ids(Profile.tools.through, "profile_id", "tool_id"),
        group_ids=_ids(Profile.groups.through, "profile_id", "group_id"),
        membership_ids=_ids(Profile.people.through, "profile_id", "membership_id"),
    )
    return {row.id: _profile(row) for row in rows}


def _profile(row: Any) -> ProfileRow:
    facts = ProfileFacts(
        profile_id=row.id,
        name=row.name,
        connector_ids=frozenset(row.connector_ids),
        tool_ids=frozenset(row.tool_ids),
        group_ids=frozenset(row.group_ids),
        membership_ids=frozenset(row.membership_ids),
    )
    return ProfileRow(
        id=row.id,
        slug=row.slug,
        name=row.name,
        has_prefix=row.has_prefix,
        is_progressive=row.is_progressive,
        facts=facts,
    )


def _members(organization_id: UUID) -> dict[UUID, MemberRow]:
    rows: Any = (
        Membership.objects.filter(organization_id=organization_id)
        .select_related("user")
        .annotate(group_ids=_ids(Membership.groups.through, "membership_id", "group_id"))
    )
    return {row.user_id: member_row(row, row.group_ids) for row in rows}


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
