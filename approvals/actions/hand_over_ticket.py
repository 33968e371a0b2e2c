"""Ask somebody else who may to decide on a held call."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.see_ticket import check_may_look_after
from approvals.deciders import refusal
from approvals.errors import ApprovalError
from approvals.events import TicketHandedOver
from approvals.lifecycle import announce, handed_key
from approvals.models import PendingAction, Ticket, TicketComment
from approvals.waiting_calls import path_of
from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actions.tell_people import tell_people_again
from harriet.people.actors import person_label
from harriet.people.models import Membership, User
from harriet.people.notifications.kinds import CALLS, Matter

LONGEST = 500


@transaction.atomic
def hand_over_ticket(ticket: Ticket, to: Membership, note: str, *, actor: Actor) -> None:
    """They are told, with the note; nobody else is kept from deciding. Raises ApprovalError beside the field, NotYours
    or TooLate."""
    action, membership = check_may_look_after(ticket, actor)
    text = note.strip()
    _check(action, membership, to, text)
    Ticket.objects.filter(pk=ticket.pk).update(
        handed_to=to.user, handed_to_label=str(to.user), claimed_by=None, claimed_by_label="", claimed_at=None
    )
    TicketComment.objects.create(
        ticket=ticket,
        author=membership.user,
        author_label=actor.label[:200],
        text=text,
        handed_to_label=str(to.user),
    )
    happened = TicketHandedOver(ticket=ticket.as_label(), person=person_label(to.user), reason=text)
    record(happened, organization_id=ticket.organization_id, actor=actor)
    _tell(action, membership.user, to, text)
    announce(action.pk)


def _check(action: PendingAction, membership: Membership, to: Membership, text: str) -> None:
    if len(text) > LONGEST:
        raise ApprovalError(f"Say it in at most {LONGEST} characters; this is {len(text)}.", field="note")
    if to.pk == membership.pk:
        raise ApprovalError("That is you. Choose somebody else.", field="to")
    if to.organization_id != action.organization_id or refusal(action, to):
        raise ApprovalError(f"{to.user} may not decide on this call. Choose somebody who may.", field="to")


def _tell(action: PendingAction, by: User, to: Membership, note: str) -> None:
    key = handed_key(action.pk)
    settle_matter(action.organization_id, key)
    text = f"{by} asks you to decide on ticket #{action.ticket.number}, {action.ticket.title}{note and f': {note}'}"
    tell_people_again(Matter(CALLS, action.organization_id, key, text[:300], path_of(action)), [to.user_id])
