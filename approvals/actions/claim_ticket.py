"""Say that one is looking at a held call, or no longer: others see it, and may decide all the same."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from approvals.actions.see_ticket import check_may_look_after, check_sees
from approvals.errors import TooLate
from approvals.events import TicketClaimed, TicketReleased
from approvals.lifecycle import announce
from approvals.models import CLAIM_LASTS, Ticket
from audit.actor import Actor
from audit.record import record


@transaction.atomic
def claim_ticket(ticket: Ticket, *, actor: Actor) -> None:
    """For a quarter of an hour; once more for another. Raises NotYours, and TooLate while somebody else is at it."""
    action, membership = check_may_look_after(ticket, actor)
    free = Q(claimed_by=None) | Q(claimed_by=membership.user_id) | Q(claimed_at__lte=Now() - CLAIM_LASTS)
    mine = {"claimed_by": membership.user, "claimed_by_label": str(membership.user), "claimed_at": Now()}
    if not Ticket.objects.filter(free, pk=ticket.pk).update(**mine):
        label = Ticket.objects.values_list("claimed_by_label", flat=True).get(pk=ticket.pk)
        raise TooLate(f"{label} is looking at it already. You may decide all the same.")
    record(TicketClaimed(ticket=ticket.as_label()), organization_id=ticket.organization_id, actor=actor)
    announce(action.pk)


@transaction.atomic
def release_ticket(ticket: Ticket, *, actor: Actor) -> bool:
    """False when somebody else or nobody is looking at it. Raises NotYours for whoever does not see it."""
    membership = check_sees(ticket, actor)
    mine = Ticket.objects.filter(pk=ticket.pk, claimed_by=membership.user_id)
    if not mine.update(claimed_by=None, claimed_by_label="", claimed_at=None):
        return False
    record(TicketReleased(ticket=ticket.as_label()), organization_id=ticket.organization_id, actor=actor)
    if (action := getattr(ticket, "action", None)) is not None:
        announce(action.pk)
    return True
