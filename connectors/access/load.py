"""What of one organization decides about calls, as plain values, in a handful of bulk queries.

The gateway compiles its snapshot from `load(organization_id)` once, and from `load_changed` after that; the pages
preview with parts of the same facts (`connectors.access.load_part`). No ORM object leaves this file. Credentials are
the vault's (`vault.queries.sealed_credentials`) and tokens are people's; the gateway joins them by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from connectors.access.facts import (
    ConnectorRow,
    MemberRow,
    OrganizationFacts,
    ProfileRow,
    RuleRow,
    ScopeRow,
    ToolsById,
)
from connectors.access.load_policy import rule_rows, scope_rows, with_domains
from connectors.access.load_tools import changed_tools, pinned_versions, tool_rows
from connectors.access.reach import reach_for
from connectors.access.rules import CallerFacts, ProfileFacts
from connectors.models import Connector, Profile, Tool
from connectors.passed_identity import How, Identity, IdentityRule
from harriet.lib.egress import Reach
from harriet.lib.mcp.versions import LEGACY
from harriet.people.changes import Changes
from harriet.people.models import Change, Group, Membership, Organization
from harriet.people.roles import Role
from harriet.people.trust import Trust

Row = TypeVar("Row")


def load(organization_id: UUID, before: OrganizationFacts | None = None) -> OrganizationFacts:
    """The facts of one organization, without its members. Raises Organization.DoesNotExist.

    What is as it was in `before` stays the same objects, by which others know it.
    """
    organization = _organization(organization_id)
    groups = _groups(organization_id)
    connectors = connector_rows(Connector.objects.filter(organization=organization), organization)
    profiles = profile_rows(Profile.objects.filter(organization=organization), Among())
    if before is not None:
        connectors, profiles = kept_rows(connectors, before.connectors), kept_rows(profiles, before.profiles)
    tools = Tool.objects.filter(organization=organization)
    pinned = pinned_versions(tools, before.tools if before is not None else {})
    rows = tool_rows(tools, connectors, groups, pinned)
    if before is not None:
        rows = ToolsById(kept_rows(rows, before.tools))
    return _facts(organization, connectors, rows, profiles, groups, rule_rows(organization_id))


def load_changed(before: OrganizationFacts, changed: Changes) -> OrganizationFacts:
    """The same after a change, by reading the rows that changed. Raises Organization.DoesNotExist."""
    organization, has_settings = _organization(before.id), Change.What.SETTINGS in changed
    connectors = _changed_connectors(before, organization, changed)
    groups = _groups(before.id) if has_settings else before.groups
    return _facts(
        organization,
        connectors,
        changed_tools(before, changed.get(Change.What.TOOL, set()), connectors, groups),
        _changed_profiles(before, changed.get(Change.What.PROFILE, set())),
        groups,
        rule_rows(before.id) if has_settings else before.rules,
    )


def kept_rows(found: Mapping[UUID, Row], before: Mapping[UUID, Row]) -> dict[UUID, Row]:
    """Rows that are as they were stay the same objects, by which others know it."""
    return {row_id: known if (known := before.get(row_id)) == row else row for row_id, row in found.items()}


def _changed_connectors(
    before: OrganizationFacts, organization: Organization, changed: Changes
) -> Mapping[UUID, ConnectorRow]:
    """All of them after a change of the organization: what they may reach is its."""
    mine = Connector.objects.filter(organization=before.id)
    if Change.What.SETTINGS in changed:
        return _if_other(kept_rows(connector_rows(mine, organization), before.connectors), before.connectors)
    ids = changed.get(Change.What.CONNECTOR, set())
    return _replaced(before.connectors, ids, connector_rows(mine.filter(pk__in=ids), organization) if ids else {})


def _changed_profiles(before: OrganizationFacts, ids: set[UUID]) -> Mapping[UUID, ProfileRow]:
    found = Profile.objects.filter(organization=before.id, pk__in=ids)
    return _replaced(before.profiles, ids, profile_rows(found, Among()) if ids else {})


def _replaced(before: Mapping[UUID, Row], ids: set[UUID], found: Mapping[UUID, Row]) -> Mapping[UUID, Row]:
    """With what was found of the ids in place of what was known of them."""
    kept = {row_id: row for row_id, row in before.items() if row_id not in ids} if ids else before
    return _if_other({**kept, **kept_rows(found, before)}, before) if ids else before


def _if_other(found: Mapping[UUID, Row], before: Mapping[UUID, Row]) -> Mapping[UUID, Row]:
    """The mapping before, where all of it is the same objects."""
    is_same = found.keys() == before.keys() and all(before[row_id] is row for row_id, row in found.items())
    return before if is_same else found


def _organization(organization_id: UUID) -> Organization:
    return with_domains(Organization.objects.all()).get(pk=organization_id)


def _groups(organization_id: UUID) -> dict[UUID, str]:
    return dict(Group.objects.filter(organization=organization_id).values_list("id", "name"))


def _facts(
    organization: Organization,
    connectors: Mapping[UUID, ConnectorRow],
    tools: ToolsById,
    profiles: Mapping[UUID, ProfileRow],
    groups: Mapping[UUID, str],
    rules: Mapping[UUID, tuple[RuleRow, ...]],
) -> OrganizationFacts:
    return OrganizationFacts(
        id=organization.id,
        slug=organization.slug,
        name=organization.name,
        hold_seconds=organization.hold_seconds,
        connectors=connectors,
        tools=tools,
        profiles=profiles,
        groups=groups,
        rules=rules,
        domains=tuple(organization.proved),  # type: ignore[attr-defined]
    )


def integration_facts(label: str, group_ids: Iterable[UUID]) -> CallerFacts:
    """An integration key as a caller: nobody's, so only its own groups count."""
    return CallerFacts(label=label, is_active=True, role=None, group_ids=frozenset(group_ids))


class _ConnectorValues(NamedTuple):
    """Columns of a connector, by their names."""

    id: UUID
    slug: str
    name: str
    kind: str
    url: str
    era: str
    eras: list[str]
    capabilities: dict[str, Any]
    state: str
    health: str
    health_reason: str
    health_changed_at: datetime | None
    revision: int
    checks_arguments: bool
    identity_kind: str
    identity_header: str
    identity_attribute: str
    identity_refuses_local: bool
    allow_internal: bool
    deciders: str
    review: str
    trouble_told_at: datetime | None


def connector_rows(found: QuerySet[Connector], organization: Organization) -> dict[UUID, ConnectorRow]:
    rows = found.order_by().values_list(*_ConnectorValues._fields)
    return _connector_rows((_ConnectorValues(*row) for row in rows.iterator(chunk_size=1000)), organization)


def rows_of(read: Iterable[Connector], organization: Organization) -> dict[UUID, ConnectorRow]:
    """Of connectors that were read already."""
    fields = _ConnectorValues._fields
    return _connector_rows((_ConnectorValues(*(getattr(one, name) for name in fields)) for one in read), organization)


def _connector_rows(found: Iterable[_ConnectorValues], organization: Organization) -> dict[UUID, ConnectorRow]:
    reaches = {allows: reach_for(allows, organization.internal_hosts) for allows in (False, True)}
    return {values.id: _connector_row(values, reaches[values.allow_internal]) for values in found}


def _connector_row(values: _ConnectorValues, reach: Reach) -> ConnectorRow:
    return ConnectorRow(
        id=values.id,
        slug=values.slug,
        name=values.name,
        kind=values.kind,
        url=values.url,
        era=values.era,
        session_era=LEGACY if LEGACY in values.eras else values.era,
        capabilities=values.capabilities,
        state=values.state,
        health=values.health,
        health_reason=values.health_reason,
        health_changed_at=values.health_changed_at,
        revision=values.revision,
        reach=reach,
        review=values.review,
        checks_arguments=values.checks_arguments,
        identity=_identity_rule(values),
        deciders=values.deciders,
        has_told=values.trouble_told_at is not None,
    )


def _identity_rule(values: _ConnectorValues) -> IdentityRule | None:
    if values.identity_kind == How.NONE:
        return None
    return IdentityRule(
        values.identity_kind, values.identity_header, values.identity_attribute, values.identity_refuses_local
    )


def _ids(through: Any, owner: str, member: str, among: list[UUID] | None = None) -> ArraySubquery:
    """The far ends of a many-to-many table, beside each row of the near end; all, or those among some."""
    some = {} if among is None else {f"{member}__in": among}
    return ArraySubquery(through.objects.filter(**{owner: OuterRef("pk")}, **some).values(member))


class Among(NamedTuple):
    """Ids of what concerns a page, of all that profiles contain; None for everything. People are memberships."""

    connectors: list[UUID] | None = None
    tools: list[UUID] | None = None
    people: list[UUID] | None = None


class _ProfileValues(NamedTuple):
    """Columns of a profile, and the ids of what it has."""

    id: UUID
    slug: str
    name: str
    has_prefix: bool
    is_progressive: bool
    trust: str
    hold_seconds: int | None
    connector_ids: list[UUID]
    tool_ids: list[UUID]
    group_ids: list[UUID]
    membership_ids: list[UUID]


def profile_rows(profiles: QuerySet[Profile], among: Among) -> dict[UUID, ProfileRow]:
    rows = profiles.order_by().annotate(
        connector_ids=_ids(Profile.connectors.through, "profile_id", "connector_id", among.connectors),
        tool_ids=_ids(Profile.tools.through, "profile_id", "tool_id", among.tools),
        group_ids=_ids(Profile.groups.through, "profile_id", "group_id"),
        membership_ids=_ids(Profile.people.through, "profile_id", "membership_id", among.people),
    )
    found = [_ProfileValues(*row) for row in rows.values_list(*_ProfileValues._fields)]
    scopes = scope_rows([values.id for values in found if values.trust == Trust.AUTONOMOUS])
    return {values.id: _profile(values, scopes.get(values.id, ())) for values in found}


def _profile(values: _ProfileValues, scopes: tuple[ScopeRow, ...]) -> ProfileRow:
    """Django gives None for the ids among none."""
    facts = ProfileFacts(
        profile_id=values.id,
        name=values.name,
        connector_ids=frozenset(values.connector_ids or ()),
        tool_ids=frozenset(values.tool_ids or ()),
        group_ids=frozenset(values.group_ids or ()),
        membership_ids=frozenset(values.membership_ids or ()),
    )
    return ProfileRow(
        id=values.id,
        slug=values.slug,
        name=values.name,
        has_prefix=values.has_prefix,
        is_progressive=values.is_progressive,
        trust=values.trust,
        hold_seconds=values.hold_seconds,
        scopes=scopes,
        facts=facts,
    )


class _MemberValues(NamedTuple):
    """Columns of a membership and of its person (`_MEMBER`), and the ids of its groups."""

    id: UUID
    role: str
    is_active: bool
    user_id: UUID
    email: str
    name: str
    is_user_active: bool
    locals_lapsed_at: datetime | None
    break_glass_id: UUID | None
    lapsed_at: datetime | None
    subject: str | None
    asserted_email: str | None
    employee_id: str | None
    asserted_groups: list[str] | None
    group_ids: list[UUID]

    def may_call(self) -> bool:
        """Whether the person's clients are let in at all; where single sign-on is required they wait for a sign-in that
        is too long ago."""
        if not (self.is_active and self.is_user_active):
            return False
        if self.subject is not None:
            return self.lapsed_at is None
        return self.locals_lapsed_at is None or self.break_glass_id == self.user_id

    def identity(self) -> Identity | None:
        if self.subject is None:
            return None
        groups = tuple(self.asserted_groups or ())
        return Identity(self.subject, self.asserted_email or "", self.employee_id or "", groups)


_RULE = "organization__sign_in_rule__"
_MEMBER = (
    "id",
    "role",
    "is_active",
    "user_id",
    "user__email",
    "user__name",
    "user__is_active",
    f"{_RULE}locals_lapsed_at",
    f"{_RULE}break_glass_id",
    "identity__lapsed_at",
    "identity__subject",
    "identity__email",
    "identity__employee_id",
    "identity__groups",
)


def member_rows(people: QuerySet[Membership]) -> dict[UUID, MemberRow]:
    """By user id. Plain columns: thousands of people as model instances cost seconds and stay in the process's
    memory."""
    found = people.annotate(group_ids=_ids(Membership.groups.through, "membership_id", "group_id"))
    rows = found.values_list(*_MEMBER, "group_ids")
    shared: dict[frozenset[UUID], frozenset[UUID]] = {}
    members = {}
    for row in rows.iterator(chunk_size=1000):
        values = _MemberValues(*row)
        groups = frozenset(values.group_ids)
        facts = CallerFacts(
            label=values.name or values.email,
            is_active=values.may_call(),
            role=str(Role(values.role)),
            group_ids=shared.setdefault(groups, groups),
            membership_id=values.id,
        )
        members[values.user_id] = MemberRow(
            values.id, values.user_id, values.email, values.name, facts, values.identity()
        )
    return members
