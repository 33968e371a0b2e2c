"""Withdraws an invitation that nobody has accepted yet."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_invitation
from harriet.people.errors import PeopleError
from harriet.people.events import InvitationWithdrawn
from harriet.people.models import Invitation
from harriet.people.permissions import demand
from harriet.people.roles import Power


def withdraw_invitation(invitation: Invitation, *, actor: Actor) -> None:
    """Its link opens nothing any more. Raises NotAllowed or PeopleError."""
    demand(actor, invitation.organization, Power.MANAGE_PEOPLE)
    with transaction.atomic():
        open_ones = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
        if not open_ones.update(withdrawn_at=Now()):
            raise PeopleError("The invitation was accepted or withdrawn in the meantime.")
        settle_invitation(invitation)
        record(InvitationWithdrawn(email=invitation.email), organization_id=invitation.organization_id, actor=actor)
