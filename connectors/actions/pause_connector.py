"""Refuse all calls to a connector until somebody resumes it."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.tell_of_outages import settle_outages
from connectors.audit_labels import connector_label
from connectors.events import ConnectorPaused
from connectors.models import Connector
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def pause_connector(connector: Connector, *, reason: str = "", actor: Actor) -> bool:
    """False when it wasn't active."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    active = Connector.objects.filter(pk=connector.pk, state=Connector.State.ACTIVE)
    if not active.update(state=Connector.State.PAUSED):
        return False
    connector.state = Connector.State.PAUSED
    settle_outages(connector)
    record(
        ConnectorPaused(connector=connector_label(connector), reason=reason or "no reason was given."),
        organization_id=connector.organization_id,
        actor=actor,
    )
    move_version(connector.organization_id)
    return True
