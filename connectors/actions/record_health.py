"""Write down how a server is: up, down, or refusing the organization's credential. Only a change is an event."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Case, F, PositiveIntegerField, Q, When
from django.db.models.functions import Now

from audit.actor import SYSTEM, Actor
from audit.record import record
from connectors.actions.tell_of_outages import OVER_AFTER, tell_end_of_outage, tell_of_outage
from connectors.audit_labels import connector_label
from connectors.errors import UpstreamBusy, UpstreamDown, UpstreamRefusedCredential, UpstreamTimeout
from connectors.events import ConnectorHealthChanged
from connectors.inspect.opened import signs_in_people
from connectors.models import TROUBLES, Connector
from harriet.lib.errors import Problem
from harriet.people.version import move_version

COUNT = PositiveIntegerField()


@transaction.atomic
def record_health(connector: Connector, health: str, reason: str, *, actor: Actor = SYSTEM) -> bool:
    """True when it changed; then every gateway hears of it. Calls to a server that is down pause."""
    reason = reason[:300]
    before = Connector.objects.select_for_update(no_key=True).filter(pk=connector.pk).exclude(health=health).first()
    if before is None:
        Connector.objects.filter(pk=connector.pk).update(health_reason=reason, checked_at=Now())
        return False
    changes = {"health": health, "health_reason": reason, "health_changed_at": Now(), "checked_at": Now()}
    changes |= _trouble(health)
    Connector.objects.filter(pk=connector.pk).update(**changes)
    connector.refresh_from_db(fields=list(changes))
    move_version(connector.organization_id)
    if (before.health, health) != (Connector.Health.UNKNOWN, Connector.Health.UP):
        _record(connector, actor)
    _tell(connector, before)
    return True


def _trouble(health: str) -> dict[str, Any]:
    """A server that worked for a while before has a new trouble; otherwise it is still the last one."""
    if health not in TROUBLES:
        return {"trouble_told_at": None}
    is_new = Q(trouble_since=None) | Q(health=Connector.Health.UP, health_changed_at__lt=Now() - OVER_AFTER)
    return {
        "trouble_told_at": None,
        "trouble_since": Case(When(is_new, then=Now()), default=F("trouble_since")),
        "troubles": Case(When(is_new, then=F("troubles") + 1), default=F("troubles"), output_field=COUNT),
    }


def health_after(problem: Problem) -> str | None:
    """The health that an error means; None when it says nothing about the server."""
    if isinstance(problem, UpstreamRefusedCredential):
        return Connector.Health.NEEDS_ADMIN
    if isinstance(problem, (UpstreamDown, UpstreamTimeout)) and not isinstance(problem, UpstreamBusy):
        return Connector.Health.DOWN
    return None


def record_failure(connector: Connector, problem: Problem, *, actor: Actor = SYSTEM) -> None:
    """Writes down the health that an error of the transport means, when it means one. A server that refuses somebody's
    own account works."""
    health = health_after(problem)
    if health == Connector.Health.NEEDS_ADMIN and signs_in_people(connector):
        health, problem = Connector.Health.UP, Problem("")
    if health is not None:
        record_health(connector, health, problem.message, actor=actor)


def _record(connector: Connector, actor: Actor) -> None:
    record(
        ConnectorHealthChanged(
            connector=connector_label(connector), health=connector.get_health_display(), reason=connector.health_reason
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )


def _tell(connector: Connector, before: Connector) -> None:
    """A server that is down is given some minutes; a credential that it refuses needs somebody at once."""
    if connector.health_changed_at:
        tell_end_of_outage(before, connector.health, connector.health_changed_at)
    if connector.health == Connector.Health.NEEDS_ADMIN:
        tell_of_outage(connector)
