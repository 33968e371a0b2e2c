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
from vault.actions.save_credential import add_version, locked_credential, refuse_other_version, retire_current
from vault.errors import CredentialNotFound
from vault.events import CredentialSwitchedBack
from vault.models import Credential
from vault.open import opener_for
from vault.queries import kept_versions, sealed_of


@transaction.atomic
def switch_back(
    organization: Organization,
    connector_id: UUID,
    *,
    number: int | None = None,
    in_use: int | None = None,
    actor: Actor,
) -> Credential:
    """The secret before becomes a new version, sent as it was then; the one in use until now is kept for a day.

    `number` is of another version that is kept. Raises CredentialNotFound when there is none to switch back to, and
    CredentialRefused when another version than `in_use` is in use by now: pressed twice, it would undo itself.
    """
    demand(actor, organization, Power.MANAGE_CREDENTIALS)
    refuse_other_version(organization, connector_id, in_use)
    credential = locked_credential(organization, connector_id)
    previous = next((one for one in kept_versions(connector_id) if number in {None, one.number}), None)
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
