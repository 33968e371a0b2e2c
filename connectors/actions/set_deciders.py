"""Say who decides on a connector's held calls: an approver, also whoever asked, or two approvers."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ConnectorDecidersChanged
from connectors.models import Connector
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def set_deciders(connector: Connector, deciders: str, *, actor: Actor) -> bool:
    """True when it changed. Approvals that were given under another rule are void. Raises ConnectorError."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    if deciders not in Connector.Deciders.values:
        raise ConnectorError("Choose one of the ways to decide.", field="deciders")
    current = Connector.objects.select_for_update(no_key=True, of=("self",)).get(pk=connector.pk)
    if current.deciders == deciders:
        return False
    connector.deciders = current.deciders = deciders
    connector.revision = current.revision = current.revision + 1
    current.save(update_fields=["deciders", "revision"])
    record(
        ConnectorDecidersChanged(connector=connector_label(connector), deciders=_WORDS[Connector.Deciders(deciders)]),
        organization_id=connector.organization_id,
        actor=actor,
    )
    move_version(connector.organization_id)
    return True


_WORDS = {
    Connector.Deciders.APPROVERS: "an approver decides",
    Connector.Deciders.REQUESTER: "whoever asked decides, or an approver",
    Connector.Deciders.TWO_PEOPLE: "two approvers decide",
}
