"""Saves a connector's secret: the first one, or a new version of it."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor, Label
from audit.record import record
from harriet.lib.secret import Secret
from harriet.people.models import Organization, User
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.actions.change_schedule import check_schedule, due_at
from vault.actions.create_data_key import create_data_key
from vault.actions.settle_reminders import settle_reminders
from vault.errors import CredentialNotFound, CredentialRefused
from vault.events import CredentialSaved
from vault.locks import share_active_key
from vault.models import Credential, CredentialVersion, OAuthClient
from vault.open import Opener, opener_with
from vault.place import Place
from vault.rules import check_credential
from vault.stored import SECRET_FIELD
from vault.types.base import Placement


def save_credential(
    organization: Organization,
    connector_id: UUID,
    connector_name: str,
    *,
    type: str,
    secret: Secret,
    username: str = "",
    placement: Placement,
    owner: User | None,
    rotate_every_days: int | None,
    oauth_client: OAuthClient | None = None,
    actor: Actor,
) -> Credential:
    """The saved credential. Raises CredentialRefused beside the field that is wrong; nothing is then changed."""
    demand(actor, organization, Power.MANAGE_CREDENTIALS)
    check_schedule(organization, owner, rotate_every_days)
    checked = check_credential(type, secret, username=username, placement=placement)
    create_data_key(organization.pk)  # in its own transaction: it is good whatever becomes of this one
    with transaction.atomic():
        key = share_active_key(organization.pk)
        credential = locked_credential(organization, connector_id)
        retire_current(credential)
        credential.name, credential.type, credential.placement = connector_name, type, checked
        credential.owner, credential.rotate_every_days = owner, rotate_every_days
        credential.oauth_client = oauth_client
        opener = opener_with(organization.pk, [key])
        version = add_version(credential, opener, username, secret, actor=actor)
        credential.rotation_due_at = due_at(version.saved_at, rotate_every_days)
        credential.save()
        settle_reminders(credential)
        move_version(organization.pk)
    return credential


def locked_credential(organization: Organization, connector_id: UUID) -> Credential:
    """The credential's row, made when missing, locked: two who save at once get consecutive versions."""
    Credential.objects.bulk_create(
        [Credential(organization=organization, connector_id=connector_id)], ignore_conflicts=True
    )
    mine = Credential.objects.select_for_update().filter(organization=organization, connector_id=connector_id)
    credential = mine.first()
    if credential is None:
        raise CredentialNotFound("There is no such connector in this organization.")
    return credential


def refuse_other_version(organization: Organization, connector_id: UUID, in_use: int | None) -> None:
    """Raises CredentialRefused when somebody has changed the secret since its version `in_use` was looked at; 0 is for
    none. Whoever saves one waits until this transaction has ended."""
    if in_use is None:
        return
    mine = Credential.objects.select_for_update().filter(organization=organization, connector_id=connector_id).first()
    current = mine.versions.filter(is_current=True).select_related("saved_by").first() if mine else None
    if (current.number if current else 0) != in_use:
        who = current.saved_by if current and current.saved_by else "Somebody else"
        raise CredentialRefused(
            f"{who} has just changed this secret, so nothing was changed now. Look at what is in use before you "
            "replace it.",
            field="secret",
        )


def retire_current(credential: Credential) -> int:
    """How many were in use. It remembers how it was sent: call this before type and placement change."""
    return credential.versions.filter(is_current=True).update(
        is_current=False, replaced_at=Now(), sent_as={"type": credential.type, "placement": credential.placement}
    )


def add_version(
    credential: Credential, opener: Opener, username: str, secret: Secret, *, actor: Actor
) -> CredentialVersion:
    """The new current version, told to the audit log."""
    number = credential.versions.count() + 1
    place = Place(credential.organization_id, credential.connector_id, credential.pk, SECRET_FIELD, number)
    sealed, key_version = opener.seal_secret(place, username, secret)
    version = CredentialVersion.objects.create(
        credential=credential,
        number=number,
        sealed=sealed,
        key_version=key_version,
        digest=hashlib.sha256(sealed).digest(),
        saved_by_id=actor.id if actor.kind == "person" else None,
    )
    version.refresh_from_db(fields=["saved_at"])
    _record(credential, version, actor)
    return version


def _record(credential: Credential, version: CredentialVersion, actor: Actor) -> None:
    record(
        CredentialSaved(
            connector=Label(credential.connector_id, credential.name),
            credential=str(credential.pk),
            version=version.number,
            key_version=version.key_version,
            digest=bytes(version.digest).hex(),
            sent={"type": credential.type, **credential.placement},
        ),
        organization_id=credential.organization_id,
        actor=actor,
    )
