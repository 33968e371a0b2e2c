"""Finish the wizard: a draft whose steps are done becomes a connector that waits for review."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.submit_connector import NEW, submit_held
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ConnectorActivated
from connectors.models import Connector
from connectors.wizard_steps import ACCESS, DONE, SAVE, step_label
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def activate_connector(connector: Connector, *, actor: Actor) -> Connector:
    """One that isn't a draft is left as it is. Raises ConnectorError while a step is open."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    if connector.state != Connector.State.DRAFT:
        return connector
    if connector.wizard_step not in {ACCESS, SAVE}:  # Access has defaults that hurt nobody: nothing is enabled yet
        raise ConnectorError(
            f"{connector.name} isn't complete: the step {step_label(connector.wizard_step)} is still open."
        )
    Connector.objects.filter(pk=connector.pk, state=Connector.State.DRAFT).update(
        state=Connector.State.ACTIVE, review=Connector.Standing.DRAFT, wizard_step=DONE
    )
    record(
        ConnectorActivated(connector=connector_label(connector)), organization_id=connector.organization_id, actor=actor
    )
    row = (
        Connector.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organization")
        .get(pk=connector.pk)
    )
    submit_held(row, NEW, actor=actor)
    connector.refresh_from_db(fields=["state", "review", "wizard_step"])
    return connector
