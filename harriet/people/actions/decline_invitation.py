"""Declines an invitation: by the person it is for, signed in."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.record import record
from harriet.people.actions.settle_matter import settle_invitation
from harriet.people.actors import actor_of, person_label
from harriet.people.errors import NotFound
from harriet.people.events import InvitationDeclined
from harriet.people.models import Invitation, User
from harriet.people.queries import invitations_for


def decline_invitation(invitation: Invitation, user: User) -> None:
    """Raises NotFound when it is open no more."""
    with transaction.atomic():
        if not invitations_for(user).filter(pk=invitation.pk).update(withdrawn_at=Now()):
            raise NotFound("You have no such invitation: it was accepted, withdrawn or has expired.")
        settle_invitation(invitation)
        record(
            InvitationDeclined(person=person_label(user), role=invitation.get_role_display()),
            organization_id=invitation.organization_id,
            actor=actor_of(user),
        )
