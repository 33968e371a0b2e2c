"""Takes a connector's secret out of use, with nothing in its place: kept for a day like one that was replaced."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.actor import Actor, Label
from audit.record import record
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.actions.save_credential import retire_current
from vault.actions.settle_reminders import settle_reminders
from vault.events import CredentialTakenOut
from vault.models import Credential


@transaction.atomic
def take_out_credential(connector_id: UUID, *, actor: Actor) -> bool:
    """Whether one was in use. When it is no longer kept, its row goes too (`forget_replaced`)."""
    rows = Credential.objects.select_for_update(of=("self",)).select_related("organization")
    credential = rows.filter(connector_id=connector_id).first()
    if credential is None:
        return False
    demand(actor, credential.organization, Power.MANAGE_CREDENTIALS)
    if not retire_current(credential):
        return False
    Credential.objects.filter(pk=credential.pk).update(rotation_due_at=None)
    settle_reminders(credential)
    record(
        CredentialTakenOut(connector=Label(connector_id, credential.name), credential=str(credential.pk)),
        organization_id=credential.organization_id,
        actor=actor,
    )
    move_version(credential.organization_id)
    return True
