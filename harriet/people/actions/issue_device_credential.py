"""Issues a bearer token for one person on one device, to that person."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.secret import Secret
from harriet.people.actors import OPERATOR, device_label, person_behind, person_label
from harriet.people.errors import PeopleError
from harriet.people.events import DeviceCredentialIssued
from harriet.people.holders import demand_self
from harriet.people.models import AccessToken, Agent, Device, Membership, Organization, User
from harriet.people.names import clean_name
from harriet.people.tokens import new_token
from harriet.people.version import move_version

LONGEST_DAYS = 366
"""That a token lasts."""


class IssuedToken(NamedTuple):
    """A new token, and its secret, which is nowhere else."""

    token: AccessToken
    secret: Secret


def issue_device_credential(
    device: Device,
    *,
    name: str,
    expires_in_days: int,
    profile_id: UUID | None = None,
    maker: User | None = None,
    actor: Actor,
) -> IssuedToken:
    """The secret is in the answer and nowhere else. `profile_id` must be of the organization: the caller checks.

    `maker` is who sees it on the machine that runs Harriet, where that is known.
    """
    demand_self(actor, device.organization, device.user)
    name = clean_name(name, longest=80)
    with transaction.atomic():
        active_membership(device.organization, device.user)
        check_takes_credential(device)
        issued = insert_token(
            device.organization,
            AccessToken.Kind.DEVICE,
            name=name,
            expires_in_days=expires_in_days,
            user=device.user,
            device=device,
            profile_id=profile_id,
            maker=maker,
            actor=actor,
        )
        record(
            DeviceCredentialIssued(person=person_label(device.user), device=device_label(device), token=name),
            organization_id=device.organization_id,
            actor=actor,
        )
    return issued


def check_takes_credential(device: Device) -> None:
    """Holds the device for the transaction. Raises PeopleError."""
    if device.kind == Device.Kind.APP:
        raise PeopleError(f"{device.name} is a connected app: it gets its tokens by signing in.", field="device")
    if not Device.objects.select_for_update().filter(pk=device.pk, revoked_at=None).exists():
        raise PeopleError("The device was revoked. Register it again under another name.", field="device")


def check_days(expires_in_days: int) -> None:
    """Raises PeopleError."""
    if not 1 <= expires_in_days <= LONGEST_DAYS:
        raise PeopleError(f"A token lasts between 1 and {LONGEST_DAYS} days.", field="expires_in_days")


def active_membership(organization: Organization, user: User) -> Membership:
    """Inside a transaction it is held, so that an off-boarding of this moment comes before or after, never between."""
    memberships = Membership.objects.filter(organization=organization, user=user, is_active=True)
    if transaction.get_connection().in_atomic_block:
        memberships = memberships.select_for_update(no_key=True)
    found = memberships.first()
    if found is None:
        raise PeopleError(f"{user.email} is not active in {organization.name}.", field="person")
    return found


def insert_token(
    organization: Organization,
    kind: AccessToken.Kind,
    *,
    name: str,
    expires_in_days: int,
    actor: Actor,
    user: User | None = None,
    device: Device | None = None,
    agent: Agent | None = None,
    profile_id: UUID | None = None,
    maker: User | None = None,
) -> IssuedToken:
    """Raises PeopleError for a time out of bounds, or a person who is not active here."""
    check_days(expires_in_days)
    if user is not None:
        active_membership(organization, user)
    new, maker = new_token(kind), maker or person_behind(actor)
    token = AccessToken.objects.create(
        organization=organization,
        kind=kind,
        name=name,
        token_hash=new.hash,
        hint=new.hint,
        user=user,
        device=device,
        agent=agent,
        profile_id=profile_id,
        created_by=maker,
        made_by=maker.email if maker else OPERATOR,
        expires_at=Now() + timedelta(days=expires_in_days),
    )
    token.refresh_from_db(fields=["expires_at", "created_at"])
    move_version(organization.pk)
    return IssuedToken(token, new.secret)
