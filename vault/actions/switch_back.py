"""Switches a connector's secret back to the one before it, as long as that one is kept."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.actor import Actor, Label
from audit.record import record
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.actions.change_schedule import due_at
from vault.actions.save_credential import add_version, locked_credential, retire_current
from vault.errors import CredentialNotFound
from vault.events import CredentialSwitchedBack
from vault.models import Credential
from vault.open import opener_for
from vault.queries import previous_version, sealed_of


@transaction.atomic
def switch_back(organization: Organization, connector_id: UUID, *, actor: Actor) -> Credential:
    """The secret before becomes a new version, sent as it was then; the one in use until now is kept for a day.

    Raises CredentialNotFound when there is none to switch back to.
    """
    demand(actor, organization, Power.MANAGE_CREDENTIALS)
    credential = locked_credential(organization, connector_id)
    previous = previous_version(credential)
    if previous is None:
        raise CredentialNotFound("The secret before this one is no longer kept. Enter it again instead.")
    opener = opener_for(organization.pk)
    username, secret = opener.revealed(sealed_of(previous))
    retire_current(credential)
    credential.type, credential.placement = previous.sent_as["type"], previous.sent_as["placement"]
    version = add_version(credential, opener, username, secret, actor=actor)
    credential.rotation_due_at = due_at(version.saved_at, credential.rotate_every_days)
    credential.save()
    record(
        CredentialSwitchedBack(
            connector=Label(connector_id, credential.name), old=previous.number, version=version.number
        ),
        organization_id=organization.pk,
        actor=actor,
    )
    move_version(organization.pk)
    return credential
