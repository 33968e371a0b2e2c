"""Throw away a connector that was begun and never finished, with the secret that was entered for it."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from connectors.actions.delete_connector import delete_connector
from connectors.errors import ConnectorError
from connectors.models import Connector
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def discard_draft(connector: Connector, *, actor: Actor) -> None:
    """Nothing happens when it is gone already. Raises ConnectorError for one that was activated in the meantime: that
    is deleted on its own page."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    rows = Connector.objects.select_for_update(of=("self",)).select_related("organization")
    held = rows.filter(pk=connector.pk).first()
    if held is None:
        return
    if held.state != Connector.State.DRAFT:
        raise ConnectorError(f"{held} is no draft any more: somebody has finished it. Nothing was discarded.")
    delete_connector(held, actor=actor)
