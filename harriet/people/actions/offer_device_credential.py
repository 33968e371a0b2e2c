"""Prepares a device credential for somebody else, who alone can open it: nobody sees another's credential."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.issue_device_credential import active_membership, check_days, check_takes_credential
from harriet.people.actions.notice_person import notice_person
from harriet.people.actors import device_label, person_behind, person_label
from harriet.people.events import DeviceCredentialOffered
from harriet.people.holders import demand_for
from harriet.people.models import CredentialOffer, Device
from harriet.people.names import clean_name
from harriet.people.queries import offer_path

LASTS = timedelta(days=7)


def offer_device_credential(
    device: Device, *, name: str, expires_in_days: int, profile_id: UUID | None = None, actor: Actor
) -> CredentialOffer:
    """The person finds it in their inbox and mail. `profile_id` must be of the organization: the caller checks."""
    organization, user = device.organization, device.user
    demand_for(actor, organization, user)
    name = clean_name(name, longest=80)
    check_days(expires_in_days)
    with transaction.atomic():
        active_membership(organization, user)
        check_takes_credential(device)
        offer = CredentialOffer.objects.create(
            organization=organization,
            device=device,
            name=name,
            expires_in_days=expires_in_days,
            profile_id=profile_id,
            offered_by=person_behind(actor),
            expires_at=Now() + LASTS,
        )
        offer.refresh_from_db()
        _tell(offer, actor)
    return offer


def _tell(offer: CredentialOffer, actor: Actor) -> None:
    device, user = offer.device, offer.device.user
    record(
        DeviceCredentialOffered(person=person_label(user), device=device_label(device), token=offer.name),
        organization_id=offer.organization_id,
        actor=actor,
    )
    text = f"{actor.label} prepared the credential {offer.name} for {device.name}. Open it to get it: it is shown once."
    notice_person(user, offer.organization, text, offer_path(offer.pk), f"credential offer {offer.pk}", mail=True)
