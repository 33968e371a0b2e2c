"""Who acts on a ticket without deciding on it: somebody who sees it, in the pages or with a personal token. No audit
events: the actions have them."""

from __future__ import annotations

from approvals.deciders import over_of, refusal
from approvals.errors import NotYours, TooLate
from approvals.models import PendingAction, Ticket
from approvals.queries import sees
from audit.actor import Actor
from harriet.people.models import Membership
from harriet.people.permissions import membership_of_actor

NO_TICKET = "There is no such ticket, or it is not yours to see."


def check_sees(ticket: Ticket, actor: Actor) -> Membership:
    """Raises NotYours."""
    membership = membership_of_actor(actor, ticket.organization) if actor.kind != "system" else None
    if membership is None or not sees(ticket, membership):
        raise NotYours(NO_TICKET)
    return membership


def check_may_look_after(ticket: Ticket, actor: Actor) -> tuple[PendingAction, Membership]:
    """Somebody who decides on it, or has approved it first. The call is held until the transaction ends: nobody decides
    on it meanwhile. Raises NotYours or TooLate."""
    membership = check_sees(ticket, actor)
    related = ("connector", "tool", "ticket", "token__agent", "user")
    rows = PendingAction.objects.select_for_update(of=("self",), no_key=True).select_related(*related)
    action = rows.filter(ticket=ticket).first()
    if action is None:
        raise NotYours("Only held calls are looked at and handed over like this.")
    if why_over := over_of(action):
        raise TooLate(why_over)
    if why_not := refusal(action, membership, rejects=True):
        raise NotYours(why_not)
    return action, membership
