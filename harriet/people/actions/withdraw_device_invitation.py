"""Withdraws the invitation of a device: its page and its code open nothing any more."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.invite_device import matter_of
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actors import person_label
from harriet.people.events import DeviceInvitationWithdrawn
from harriet.people.holders import demand_own
from harriet.people.models import DeviceInvitation
from harriet.people.queries import open_device_invitations


def withdraw_device_invitation(invitation: DeviceInvitation, *, actor: Actor) -> bool:
    """False when it was over already. Raises NotAllowed."""
    demand_own(actor, invitation.organization, invitation.user)
    with transaction.atomic():
        still_open = open_device_invitations().filter(pk=invitation.pk)
        if not still_open.update(withdrawn_at=Now(), code_hash=None):
            return False
        settle_matter(invitation.organization_id, matter_of(invitation))
        event = DeviceInvitationWithdrawn(person=person_label(invitation.user), name=invitation.device_name)
        record(event, organization_id=invitation.organization_id, actor=actor)
    return True
