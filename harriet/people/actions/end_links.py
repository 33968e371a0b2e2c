"""Withdraws the links that somebody who left handed out, and those that were made for them: none opens when they come
back."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.functions import Now

from audit.record import record
from harriet.people.actions.settle_matter import settle_invitation
from harriet.people.endings import Ending
from harriet.people.events import InvitationWithdrawn
from harriet.people.models import Invitation, RecoveryLink


def end_links(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`."""
    mine = Invitation.objects.filter(
        organization=ending.organization_id, invited_by=ending.user_id, accepted_at=None, withdrawn_at=None
    )
    for one in mine.select_for_update(of=("self",)).order_by("pk"):
        Invitation.objects.filter(pk=one.pk).update(withdrawn_at=Now())
        settle_invitation(one)
        record(InvitationWithdrawn(email=one.email), organization_id=ending.organization_id, actor=ending.actor)
    links = RecoveryLink.objects.filter(organization=ending.organization_id, used_at=None, withdrawn_at=None)
    links.filter(Q(user=ending.user_id) | Q(made_by=ending.user_id)).update(withdrawn_at=Now())
