"""Write down how a server is: up, down, or refusing the organization's credential. Only a change is an event."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from audit.actor import SYSTEM, Actor
from audit.record import record
from connectors.audit_labels import connector_label
from connectors.errors import UpstreamBusy, UpstreamDown, UpstreamRefusedCredential, UpstreamTimeout
from connectors.events import ConnectorHealthChanged
from connectors.models import Connector
from connectors.way_back import way_back
from harriet.lib.errors import Problem
from harriet.people.actions.notice_person import notice_person
from harriet.people.version import move_version


@transaction.atomic
def record_health(connector: Connector, health: str, reason: str, *, actor: Actor = SYSTEM) -> bool:
    """True when it changed; then every gateway hears of it. Calls to a server that is down pause."""
    reason = reason[:300]
    changed = Connector.objects.filter(pk=connector.pk).exclude(health=health)
    if not changed.update(health=health, health_reason=reason, health_changed_at=Now(), checked_at=Now()):
        Connector.objects.filter(pk=connector.pk).update(health_reason=reason, checked_at=Now())
        return False
    first = connector.health == Connector.Health.UNKNOWN and health == Connector.Health.UP
    connector.refresh_from_db(fields=["health", "health_reason", "health_changed_at", "checked_at"])
    move_version(connector.organization_id)
    if not first:
        _tell(connector, actor)
    if health == Connector.Health.NEEDS_ADMIN:
        _ask_owner(connector)
    return True


def health_after(problem: Problem) -> str | None:
    """The health that an error means; None when it says nothing about the server."""
    if isinstance(problem, UpstreamRefusedCredential):
        return Connector.Health.NEEDS_ADMIN
    if isinstance(problem, (UpstreamDown, UpstreamTimeout)) and not isinstance(problem, UpstreamBusy):
        return Connector.Health.DOWN
    return None


def record_failure(connector: Connector, problem: Problem, *, actor: Actor = SYSTEM) -> None:
    """Writes down the health that an error of the transport means, when it means one."""
    health = health_after(problem)
    if health is not None:
        record_health(connector, health, problem.message, actor=actor)


def _tell(connector: Connector, actor: Actor) -> None:
    record(
        ConnectorHealthChanged(
            connector=connector_label(connector), health=connector.get_health_display(), reason=connector.health_reason
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )


def _ask_owner(connector: Connector) -> None:
    if connector.owner is None:
        return
    back = way_back(connector, timezone.now()) or "Rotate it, then test the connection."
    notice_person(
        connector.owner,
        connector.organization,
        f"{connector.name} refuses the organization's credential. {back}",
        reverse("connectors:authentication", args=[connector.pk]),
        f"connector-credential-{connector.pk}-{connector.revision}",
        mail=True,
    )
