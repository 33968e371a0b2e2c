"""Takes a credential that was prepared for one: it is made now, and shown to whoever it is for. Single use."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from harriet.people.actions.issue_device_credential import IssuedToken, issue_device_credential
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.errors import NotFound
from harriet.people.models import CredentialOffer
from harriet.people.queries import open_offers

GONE = "This credential was taken already, or the offer has expired. Make one yourself under My AI, Connect a client."


def take_device_credential(offer: CredentialOffer, *, actor: Actor) -> IssuedToken:
    """Only the person themselves: issuing refuses everybody else."""
    with transaction.atomic():
        if not open_offers().filter(pk=offer.pk).update(taken_at=Now()):
            raise NotFound(GONE)
        settle_matter(offer.organization_id, f"credential offer {offer.pk}")
        return issue_device_credential(
            offer.device,
            name=offer.name,
            expires_in_days=offer.expires_in_days,
            profile_id=offer.profile_id,
            actor=actor,
        )
