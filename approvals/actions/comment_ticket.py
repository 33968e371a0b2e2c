"""Say something on a ticket: everybody who sees it reads it, and a run that asked for it there goes on."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.hear_reply import hear_reply
from approvals.actions.see_ticket import check_sees
from approvals.errors import ApprovalError
from approvals.events import TicketCommented
from approvals.models import Ticket, TicketComment
from audit.actor import Actor
from audit.record import record

LONGEST = 2000


@transaction.atomic
def comment_ticket(ticket: Ticket, text: str, *, actor: Actor) -> TicketComment:
    """In the pages, or with a personal token. Raises ApprovalError beside the field, NotYours."""
    membership = check_sees(ticket, actor)
    said = text.strip()
    if not said:
        raise ApprovalError("Write what you want to say.", field="text")
    if len(said) > LONGEST:
        raise ApprovalError(f"Say it in at most {LONGEST} characters; this is {len(said)}.", field="text")
    comment = TicketComment.objects.create(
        ticket=ticket, author=membership.user, author_label=actor.label[:200], text=said
    )
    record(TicketCommented(ticket=ticket.as_label()), organization_id=ticket.organization_id, actor=actor)
    hear_reply(ticket, said, membership, actor=actor)
    return comment
