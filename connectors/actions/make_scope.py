"""Let an autonomous profile run calls without a person, for a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.record import record
from connectors.audit_labels import profile_label
from connectors.errors import ConnectorError
from connectors.events import ScopeMade
from connectors.inspect.check_condition import check_condition
from connectors.models import AutonomousScope, Profile, Risk, Tool, ToolVersion
from connectors.models.autonomous_scopes import HOLDING
from harriet.lib.sentences import some_of
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

LONGEST = timedelta(days=90)
MOST = 20
"""Scopes of a profile that hold at once: each of its calls may ask them all."""


@transaction.atomic
def make_scope(
    profile: Profile,
    *,
    name: str,
    reason: str,
    expires_at: datetime,
    tools: Iterable[Tool] = (),
    classes: Iterable[str] = (),
    condition: str = "",
    actor: Actor,
) -> AutonomousScope:
    """A scope is never changed: it ends, and another is made. Raises ConnectorError beside the field."""
    demand(actor, profile.organization, Power.MANAGE_PROFILES)
    named, classes = list(tools), sorted(set(classes))
    Profile.objects.select_for_update(no_key=True).get(pk=profile.pk)  # one after the other: they are counted
    _check(profile, named, classes, expires_at)
    if condition.strip():
        try:
            check_condition(condition.strip(), _versions_for(profile, named, classes))
        except ConnectorError as problem:
            raise ConnectorError(problem.message, field="condition") from None
    scope = AutonomousScope.objects.create(
        organization_id=profile.organization_id,
        profile=profile,
        name=clean_name(name, longest=80),
        reason=_clean_reason(reason),
        classes=classes,
        condition=condition.strip(),
        expires_at=expires_at,
        made_by_id=actor.id if actor.kind == "person" else None,
    )
    scope.tools.set(named)
    _tell(profile, scope, named, actor)
    move_version(profile.organization_id)
    return scope


def _check(profile: Profile, tools: list[Tool], classes: list[str], expires_at: datetime) -> None:
    if not tools and not classes:
        raise ConnectorError("Name tools, or tick moderate risk: a scope of nothing lets nothing run.", field="tools")
    if any(one != Risk.MODERATE for one in classes):
        raise ConnectorError(
            "Only moderate risk can be let run as a class; name tools of unknown risk.", field="classes"
        )
    if any(tool.organization_id != profile.organization_id for tool in tools):
        raise ConnectorError("One of these tools doesn't exist here.", field="tools")
    dangerous = [str(tool) for tool in tools if tool.risk == Risk.DANGEROUS or tool.requires_confirmation]
    if dangerous:
        raise ConnectorError(
            f"{some_of(dangerous, 5)} would wait all the same: dangerous tools, and those that require confirmation, "
            "never run unasked.",
            field="tools",
        )
    now = timezone.now()
    if not now < expires_at <= now + LONGEST:
        raise ConnectorError(f"Choose an end within the next {LONGEST.days} days.", field="expires_at")
    if AutonomousScope.objects.filter(HOLDING, profile=profile).count() >= MOST:
        raise ConnectorError(f"A profile has at most {MOST} scopes at once. End one first.")


def _versions_for(profile: Profile, tools: list[Tool], classes: list[str]) -> list[ToolVersion]:
    """Definitions of the tools that it names; of a class there are too many kinds to say more."""
    if classes:
        return []
    found = ToolVersion.objects.filter(is_pinned=True, tool__in=tools, tool__organization=profile.organization_id)
    return list(found.select_related("tool").order_by("tool__name"))


def _clean_reason(reason: str) -> str:
    cleaned = " ".join(reason.split())
    if not cleaned or len(cleaned) > 300:
        raise ConnectorError("Say in at most 300 characters why this may run unasked.", field="reason")
    return cleaned


def _tell(profile: Profile, scope: AutonomousScope, tools: list[Tool], actor: Actor) -> None:
    covers = [str(tool) for tool in tools] + [f"tools of {one} risk" for one in scope.classes]
    words = some_of(covers, 20) + (f" when {scope.condition}" if scope.condition else "")
    happened = ScopeMade(
        profile=profile_label(profile),
        scope=scope.name,
        covers=words,
        until=f"{scope.expires_at:%Y-%m-%d %H:%M} UTC",
        why=scope.reason,
    )
    record(happened, organization_id=profile.organization_id, actor=actor)
