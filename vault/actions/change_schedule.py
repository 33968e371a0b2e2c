"""Changes who looks after a credential and how often it is rotated; the secret stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.actor import Actor, Label
from audit.record import record
from harriet.people.models import Membership, Organization, User
from harriet.people.permissions import demand
from harriet.people.roles import Power
from vault.actions.settle_reminders import settle_reminders
from vault.errors import CredentialNotFound, CredentialRefused
from vault.events import CredentialScheduleChanged
from vault.models import Credential
from vault.queries import in_use

LONGEST_DAYS = 3650
"""Between two rotations."""


@transaction.atomic
def change_schedule(
    organization: Organization, connector_id: UUID, *, owner: User | None, rotate_every_days: int | None, actor: Actor
) -> Credential:
    """The credential, due again counted from the day when its secret was saved; nothing is told when nothing changed.

    Raises NotAllowed, CredentialRefused beside the field that is wrong, CredentialNotFound.
    """
    demand(actor, organization, Power.MANAGE_CREDENTIALS)
    check_schedule(organization, owner, rotate_every_days)
    mine = in_use(Credential.objects.select_for_update().filter(organization=organization, connector_id=connector_id))
    credential = mine.first()
    if credential is None:
        raise CredentialNotFound("This connector has no saved secret.")
    if (credential.owner_id, credential.rotate_every_days) == (owner and owner.pk, rotate_every_days):
        return credential
    credential.owner, credential.rotate_every_days = owner, rotate_every_days
    before, credential.rotation_due_at = (
        credential.rotation_due_at,
        due_at(credential.versions.get(is_current=True).saved_at, rotate_every_days),
    )
    credential.save(update_fields=["owner", "rotate_every_days", "rotation_due_at"])
    if credential.rotation_due_at != before:
        settle_reminders(credential)
    _record(credential, actor)
    return credential


def check_schedule(organization: Organization, owner: User | None, rotate_every_days: int | None) -> None:
    """Raises CredentialRefused."""
    if rotate_every_days is not None and not 1 <= rotate_every_days <= LONGEST_DAYS:
        raise CredentialRefused(f"Give a number of days from 1 to {LONGEST_DAYS}.", field="rotate_every_days")
    if owner is not None and not _is_member(organization, owner):
        raise CredentialRefused(f"The owner must be an active member of {organization.name}.", field="owner")


def due_at(saved_at: datetime, rotate_every_days: int | None) -> datetime | None:
    """When a secret is due for rotation; None without a schedule."""
    return saved_at + timedelta(days=rotate_every_days) if rotate_every_days else None


def _is_member(organization: Organization, user: User) -> bool:
    mine = Membership.objects.filter(organization=organization, user=user)
    return mine.filter(is_active=True, user__is_active=True).exists()


def _record(credential: Credential, actor: Actor) -> None:
    record(
        CredentialScheduleChanged(
            connector=Label(credential.connector_id, credential.name),
            credential=str(credential.pk),
            owner=credential.owner.email if credential.owner else None,
            rotate_every_days=credential.rotate_every_days,
        ),
        organization_id=credential.organization_id,
        actor=actor,
    )
