"""Say who looks after a connector from now on."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.note_definition import note_definition
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ConnectorOwnerChanged
from connectors.models import Connector
from harriet.people.models import User
from harriet.people.notifications.recipients import active_here
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def set_connector_owner(connector: Connector, owner: User, *, actor: Actor) -> bool:
    """False when they do already. Raises NotAllowed, and ConnectorError for somebody who is not active here."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    if not active_here(connector.organization_id).filter(user=owner).exists():
        raise ConnectorError(f"{owner.email} is not active in {connector.organization.name}.", field="to")
    before = connector.owner
    if not Connector.objects.filter(pk=connector.pk).exclude(owner=owner).update(owner=owner):
        return False
    connector.owner = owner
    note_definition(connector, by=None, actor=actor)
    record(
        ConnectorOwnerChanged(
            connector=connector_label(connector), owner=owner.email, before=before.email if before else None
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )
    return True
