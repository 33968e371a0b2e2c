"""Delete a connector for good, with its tools and its credential."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.tell_reviewers import settle_review
from connectors.audit_labels import connector_label
from connectors.events import ConnectorDeleted
from connectors.models import Connector, Review, Tool
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.notifications.keys import about_connector
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.actions.delete_credential import delete_credential


@transaction.atomic
def delete_connector(connector: Connector, *, actor: Actor) -> None:
    """Profiles lose it, and its history stays in the log alone."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    if not Connector.objects.select_for_update().filter(pk=connector.pk).exists():  # before its tools, as a sync does
        return
    label, tools = connector_label(connector), connector.tools.filter(kind=Tool.Kind.TOOL).count()
    delete_credential(connector.id, actor=actor)
    for review in Review.objects.filter(connector=connector, state=Review.State.WAITING):
        settle_review(review)
    settle_matters(connector.organization_id, about_connector(connector.pk))
    Connector.objects.filter(pk=connector.pk).delete()
    record(ConnectorDeleted(connector=label, tools=tools), organization_id=connector.organization_id, actor=actor)
    move_version(connector.organization_id)
