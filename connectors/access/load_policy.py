"""What decides beside risk and trust, as plain values: rules on arguments, and the scopes of autonomous profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from connectors.access.facts import RuleRow, ScopeRow
from connectors.models import ArgumentRule, AutonomousScope
from connectors.models.autonomous_scopes import HOLDING
from harriet.people.models import Organization

_RULE = ("id", "connector_id", "tool_id", "expression", "effect", "sentence")


def rule_rows(organization_id: UUID, connectors: Collection[UUID] | None = None) -> dict[UUID, tuple[RuleRow, ...]]:
    """By connector, of all or of some; those that are on."""
    found: dict[UUID, list[RuleRow]] = defaultdict(list)
    rules = ArgumentRule.objects.filter(organization=organization_id, is_on=True)
    if connectors is not None:
        rules = rules.filter(connector__in=connectors)
    for values in rules.values_list(*_RULE):
        row = RuleRow(*values)
        found[row.connector_id].append(row)
    return {connector_id: tuple(rows) for connector_id, rows in found.items()}


def scope_rows(profile_ids: Collection[UUID]) -> dict[UUID, tuple[ScopeRow, ...]]:
    """By profile, of autonomous ones; those that are not over."""
    if not profile_ids:
        return {}
    named = AutonomousScope.tools.through.objects.filter(autonomousscope_id=OuterRef("pk")).values("tool_id")
    rows = AutonomousScope.objects.filter(HOLDING, profile__in=profile_ids)
    rows = rows.order_by("created_at", "pk").annotate(tool_ids=ArraySubquery(named))
    found: dict[UUID, list[ScopeRow]] = defaultdict(list)
    for row in rows:
        found[row.profile_id].append(scope_row(row, row.tool_ids))
    return {profile_id: tuple(scopes) for profile_id, scopes in found.items()}


def scope_row(scope: AutonomousScope, tool_ids: list[UUID] | None) -> ScopeRow:
    return ScopeRow(
        id=scope.pk,
        name=scope.name,
        tool_ids=frozenset(tool_ids or ()),
        classes=frozenset(scope.classes),
        condition=scope.condition,
        expires_at=scope.expires_at,
    )


def with_domains(organizations: QuerySet[Organization]) -> QuerySet[Organization]:
    """Each with `proved`: its mail domains. Single sign-on proves them, a floor above; the organization knows them as
    its own."""
    domains: Any = Organization._meta.get_field("domains").related_model
    mine = domains.objects.filter(organization=OuterRef("pk"), verified_at__isnull=False).order_by("name")
    return organizations.annotate(proved=ArraySubquery(mine.values("name")))
