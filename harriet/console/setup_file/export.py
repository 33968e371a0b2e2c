"""Writes an organization's set-up in the form that `apply` reads, without secrets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast
from uuid import UUID

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from approvals.models import Workflow
from approvals.runs.queries import workflows_of
from connectors.actions.set_identity_passing import rule_of
from connectors.models import ArgumentRule, AutonomousScope, Connector, Profile, Tool
from connectors.passed_identity import How
from harriet.console.setup_file.form import (
    AuthenticationPart,
    ConnectorPart,
    DecidersWord,
    IdentityPart,
    OrganizationPart,
    PersonPart,
    ProfilePart,
    RiskClass,
    SetupFile,
    ToolPart,
    TrustLevel,
    WorkflowPart,
)
from harriet.console.setup_file.limits import limit_parts
from harriet.console.setup_file.policy import holding_scopes_of, rule_part, rules_of_each, scope_part
from harriet.console.setup_file.workflows import workflow_parts
from harriet.lib.batches import in_batches
from harriet.people.models import Group, Membership, Organization
from vault.models import Credential
from vault.queries import credentials_of
from vault.types.registry import all_inputs

PEOPLE_AT_ONCE = 2_000
AT_ONCE = 50
"""Connectors, profiles or workflows that are read together, each with all that it says."""


def export(organization: Organization) -> SetupFile:
    """All of it at once: for what is small, or is read anyway."""
    said = {name: list(part) if isinstance(part, Iterator) else part for name, part in parts_of(organization)}
    return SetupFile(**said)  # type: ignore[arg-type]


def parts_of(organization: Organization) -> Iterator[tuple[str, Any]]:
    """What the file holds under each name, in its order. What there may be many of is read some at a time, as the one
    who writes it goes on."""
    yield "organization", OrganizationPart(slug=organization.slug, name=organization.name)
    yield "groups", iter(sorted(organization.groups.values_list("slug", flat=True)))
    yield "people", _people(organization)
    yield "connectors", _connectors(organization)
    yield "profiles", _profiles(organization)
    yield "limits", iter(limit_parts(organization))
    yield "workflows", _workflows(organization)


def _people(organization: Organization) -> Iterator[PersonPart]:
    slugs = dict(organization.groups.values_list("pk", "slug"))
    active = Membership.objects.filter(organization=organization, is_active=True).order_by("user__email")
    rows = active.values_list("pk", "user__email", "role", "user__name")
    for some in in_batches(rows.iterator(chunk_size=PEOPLE_AT_ONCE), PEOPLE_AT_ONCE):
        groups: defaultdict[UUID, list[str]] = defaultdict(list)
        theirs = Membership.groups.through.objects.filter(membership__in=[pk for pk, *_ in some])
        for membership_id, group_id in theirs.values_list("membership_id", "group_id"):
            groups[membership_id].append(slugs[group_id])
        for pk, email, role, name in some:
            yield PersonPart(email=email, role=role, groups=sorted(groups[pk]), name=name)


def _connectors(organization: Organization) -> Iterator[ConnectorPart]:
    groups = organization.groups.in_bulk()  # few, and named by many tools
    rows = organization.connectors.exclude(state=Connector.State.DRAFT).select_related("organization")
    for some in in_batches(rows.iterator(chunk_size=AT_ONCE), AT_ONCE):
        offered = Tool.objects.exclude(state=Tool.State.REMOVED).prefetch_related("permissions")
        prefetch_related_objects(some, Prefetch("tools", offered, to_attr="offered"))
        _name_groups((tool for connector in some for tool in connector.offered), groups)  # type: ignore[attr-defined]
        mine = credentials_of(organization.pk).filter(connector_id__in=[one.pk for one in some])
        credentials = {credential.connector_id: credential for credential in mine}
        rules = rules_of_each(some)
        for connector in some:
            yield _connector(connector, credentials.get(connector.pk), rules[connector.pk])


def _name_groups(tools: Iterable[Tool], groups: Mapping[UUID, Group]) -> None:
    for tool in tools:
        for permission in tool.permissions.all():
            permission.group = groups[permission.group_id] if permission.group_id else None


def _profiles(organization: Organization) -> Iterator[ProfilePart]:
    for some in in_batches(organization.profiles.iterator(chunk_size=AT_ONCE), AT_ONCE):
        prefetch_related_objects(some, "groups", "connectors", "tools__connector")
        people, scopes = _people_of(some), holding_scopes_of(some)
        for profile in some:
            yield _profile(profile, people[profile.pk], scopes[profile.pk])


def _people_of(profiles: list[Profile]) -> defaultdict[UUID, list[str]]:
    """Addresses alone: a profile may name most of a company."""
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    named = Profile.people.through.objects.filter(profile__in=profiles).order_by(
        "profile_id", "membership__user__email"
    )
    for profile_id, email in named.values_list("profile_id", "membership__user__email").iterator():
        found[profile_id].append(email)
    return found


def _workflows(organization: Organization) -> Iterator[WorkflowPart]:
    for some in in_batches(_in_order(organization).iterator(chunk_size=AT_ONCE), AT_ONCE):
        yield from workflow_parts(some)


def _in_order(organization: Organization) -> QuerySet[Workflow]:
    """Those whose profile is there: without one they can't be applied."""
    return workflows_of(organization).filter(profile__isnull=False).order_by("slug")


def _connector(connector: Connector, credential: Credential | None, rules: Iterable[ArgumentRule]) -> ConnectorPart:
    """Of one that was read with what it offers."""
    tools: list[Tool] = connector.offered  # type: ignore[attr-defined]
    return ConnectorPart(
        slug=connector.slug,
        name=connector.name,
        url=connector.url,
        kind=connector.kind,
        description=connector.description,
        allow_internal=connector.allow_internal,
        checks_arguments=connector.checks_arguments,
        deciders=cast(DecidersWord, connector.deciders),
        identity=_identity(connector),
        authentication=_authentication(credential),
        tools={tool.name: tool_part(tool) for tool in tools if tool.kind == Tool.Kind.TOOL},
        prompts={tool.name: tool_part(tool) for tool in tools if tool.kind == Tool.Kind.PROMPT},
        resources=next((tool_part(tool) for tool in tools if tool.kind == Tool.Kind.RESOURCES), ToolPart()),
        rules=[rule_part(rule) for rule in rules] or None,
    )


def _identity(connector: Connector) -> IdentityPart | None:
    """Left out where nothing is told."""
    rule = rule_of(connector)
    return None if rule.how == How.NONE else IdentityPart(rule.how, rule.header, rule.attribute, rule.refuses_local)


def _authentication(credential: Credential | None) -> AuthenticationPart:
    if credential is None:
        return AuthenticationPart()
    return AuthenticationPart(
        type=credential.type,
        owner=credential.owner.email if credential.owner else "",
        rotate_every_days=credential.rotate_every_days,
        **_inputs(credential.placement),
    )


def _inputs(placement: Mapping[str, str]) -> dict[str, Any]:
    return {one.name: placement[one.key] for one in all_inputs() if one.key in placement}


def tool_part(tool: Tool) -> ToolPart:
    """Of one that was read with its permissions and their groups."""
    permissions = tool.permissions.all()
    return ToolPart(
        enabled=tool.is_enabled,
        groups=sorted(permission.group.slug for permission in permissions if permission.group),
        roles=sorted(permission.role for permission in permissions if permission.role),
        requires_confirmation=tool.requires_confirmation,
        risk=cast("RiskClass | None", tool.risk_override or None),
    )


def _profile(profile: Profile, people: list[str], scopes: Iterable[AutonomousScope]) -> ProfilePart:
    tools = profile.tools.all()
    return ProfilePart(
        slug=profile.slug,
        name=profile.name,
        description=profile.description,
        groups=sorted(group.slug for group in profile.groups.all()),
        people=sorted(people),
        connectors=sorted(connector.slug for connector in profile.connectors.all()),
        tools=sorted(f"{tool.connector.slug}/{tool.name}" for tool in tools if tool.kind == Tool.Kind.TOOL),
        prompts=sorted(f"{tool.connector.slug}/{tool.name}" for tool in tools if tool.kind == Tool.Kind.PROMPT),
        resources=sorted(tool.connector.slug for tool in tools if tool.kind == Tool.Kind.RESOURCES),
        prefix=profile.has_prefix,
        progressive=profile.is_progressive,
        trust=cast("TrustLevel", profile.trust),
        hold_seconds=profile.hold_seconds,
        scopes=[scope_part(scope) for scope in scopes] or None,
    )
