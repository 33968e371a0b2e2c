"""Let calls to a paused connector run again."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.audit_labels import connector_label
from connectors.events import ConnectorResumed
from connectors.models import TROUBLES, Connector
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def resume_connector(connector: Connector, *, actor: Actor) -> bool:
    """False when it wasn't paused."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    paused = Connector.objects.filter(pk=connector.pk, state=Connector.State.PAUSED)
    if not paused.update(state=Connector.State.ACTIVE):
        return False
    connector.state = Connector.State.ACTIVE
    _ask_anew(connector)
    record(
        ConnectorResumed(connector=connector_label(connector)), organization_id=connector.organization_id, actor=actor
    )
    move_version(connector.organization_id)
    return True


def _ask_anew(connector: Connector) -> None:
    """Nobody asked its server meanwhile: what was wrong with it then is not told of now."""
    Connector.objects.filter(pk=connector.pk, health__in=TROUBLES).update(
        health=Connector.Health.UNKNOWN, health_reason="", health_changed_at=None, checked_at=None
    )
    connector.refresh_from_db(fields=["health", "health_reason", "health_changed_at", "checked_at"])
