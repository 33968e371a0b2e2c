"""Writes an organization's set-up in the form that `apply` reads, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import QuerySet

from approvals.models import Workflow
from approvals.runs.queries import workflows_of
from connectors.actions.set_identity_passing import rule_of
from connectors.models import Connector, Profile, Tool
from connectors.passed_identity import How
from connectors.queries import rules_of
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
)
from harriet.console.setup_file.limits import limit_parts
from harriet.console.setup_file.policy import holding_scopes, rule_part, scope_part
from harriet.console.setup_file.workflows import workflow_part
from harriet.people.models import Membership, Organization
from vault.queries import credential_of
from vault.types.registry import all_inputs


def export(organization: Organization) -> SetupFile:
    people = Membership.objects.filter(organization=organization, is_active=True).select_related("user")
    drafts = Connector.State.DRAFT
    return SetupFile(
        organization=OrganizationPart(slug=organization.slug, name=organization.name),
        groups=sorted(organization.groups.values_list("slug", flat=True)),
        people=[_person(person) for person in people.prefetch_related("groups").order_by("user__email")],
        connectors=[_connector(connector) for connector in organization.connectors.exclude(state=drafts)],
        profiles=[_profile(profile) for profile in organization.profiles.all()],
        limits=limit_parts(organization),
        workflows=[workflow_part(workflow) for workflow in _in_order(organization)],
    )


def _in_order(organization: Organization) -> QuerySet[Workflow]:
    """Those whose profile is there: without one they can't be applied."""
    return workflows_of(organization).filter(profile__isnull=False).order_by("slug")


def _person(person: Membership) -> PersonPart:
    groups = sorted(group.slug for group in person.groups.all())
    return PersonPart(email=person.user.email, role=person.role, groups=groups, name=person.user.name)


def _connector(connector: Connector) -> ConnectorPart:
    tools = connector.tools.exclude(state=Tool.State.REMOVED).prefetch_related("permissions__group")
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
        authentication=_authentication(connector),
        tools={tool.name: _tool(tool) for tool in tools if tool.kind == Tool.Kind.TOOL},
        prompts={tool.name: _tool(tool) for tool in tools if tool.kind == Tool.Kind.PROMPT},
        resources=next((_tool(tool) for tool in tools if tool.kind == Tool.Kind.RESOURCES), ToolPart()),
        rules=[rule_part(rule) for rule in rules_of(connector)] or None,
    )


def _identity(connector: Connector) -> IdentityPart | None:
    """Left out where nothing is told."""
    rule = rule_of(connector)
    return None if rule.how == How.NONE else IdentityPart(rule.how, rule.header, rule.attribute, rule.refuses_local)


def _authentication(connector: Connector) -> AuthenticationPart:
    credential = credential_of(connector.id)
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


def _tool(tool: Tool) -> ToolPart:
    permissions = tool.permissions.all()
    return ToolPart(
        enabled=tool.is_enabled,
        groups=sorted(permission.group.slug for permission in permissions if permission.group),
        roles=sorted(permission.role for permission in permissions if permission.role),
        requires_confirmation=tool.requires_confirmation,
        risk=cast("RiskClass | None", tool.risk_override or None),
    )


def _profile(profile: Profile) -> ProfilePart:
    people = profile.people.select_related("user")
    tools = profile.tools.select_related("connector")
    return ProfilePart(
        slug=profile.slug,
        name=profile.name,
        description=profile.description,
        groups=sorted(profile.groups.values_list("slug", flat=True)),
        people=sorted(membership.user.email for membership in people),
        connectors=sorted(profile.connectors.values_list("slug", flat=True)),
        tools=sorted(f"{tool.connector.slug}/{tool.name}" for tool in tools if tool.kind == Tool.Kind.TOOL),
        prompts=sorted(f"{tool.connector.slug}/{tool.name}" for tool in tools if tool.kind == Tool.Kind.PROMPT),
        resources=sorted(tool.connector.slug for tool in tools if tool.kind == Tool.Kind.RESOURCES),
        prefix=profile.has_prefix,
        progressive=profile.is_progressive,
        trust=cast("TrustLevel", profile.trust),
        hold_seconds=profile.hold_seconds,
        scopes=[scope_part(scope) for scope in holding_scopes(profile)] or None,
    )
