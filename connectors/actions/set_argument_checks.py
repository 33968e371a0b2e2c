"""Say whether calls to a connector are checked against its tools' schemas before they leave."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.audit_labels import connector_label
from connectors.events import ConnectorChecksChanged
from connectors.models import Connector
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def set_argument_checks(connector: Connector, *, checks_arguments: bool, actor: Actor) -> Connector:
    """Without, what arguments a server takes is its own business: it knows its defaults and what it converts."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    if connector.checks_arguments == checks_arguments:
        return connector
    connector.checks_arguments = checks_arguments
    connector.save(update_fields=["checks_arguments"])
    record(
        ConnectorChecksChanged(
            connector=connector_label(connector),
            checks="checked against its tools' schemas" if checks_arguments else "left to the server",
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )
    move_version(connector.organization_id)
    return connector
