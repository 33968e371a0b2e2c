"""Deletes a connector's credential with all its versions."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.actor import Actor, Label
from audit.record import record
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.actions.settle_reminders import settle_reminders
from vault.events import CredentialDeleted
from vault.models import Credential


@transaction.atomic
def delete_credential(connector_id: UUID, *, actor: Actor) -> bool:
    """Whether there was one. Deleting a connector calls this in its own transaction."""
    rows = Credential.objects.select_for_update(of=("self",)).select_related("organization")
    credential = rows.filter(connector_id=connector_id).first()
    if credential is None:
        return False
    demand(actor, credential.organization, Power.MANAGE_CREDENTIALS)
    record(
        CredentialDeleted(connector=Label(connector_id, credential.name), credential=str(credential.pk)),
        organization_id=credential.organization_id,
        actor=actor,
    )
    move_version(credential.organization_id)
    settle_reminders(credential)
    credential.delete()
    return True
