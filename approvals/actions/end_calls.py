"""End what somebody waits for whose access ended: their calls don't run, and nobody is asked about them any more."""

from __future__ import annotations

from hashlib import sha256

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from approvals.events import AccessDeclined, ActionEnded, ActionInvalidated
from approvals.lifecycle import State, close_ticket, move, write_event
from approvals.models import AccessRequest, PendingAction, Ticket
from approvals.runs.waking import runs_held_for
from approvals.undecidable import undecidable_calls
from approvals.webhooks.outbox import settle_for_webhooks
from audit.actor import Label
from audit.events import TicketEvent
from audit.record import record
from harriet.people.actions.settle_matter import settle_matter, settle_matters
from harriet.people.actions.tell_people import tell_people
from harriet.people.actors import person_label
from harriet.people.endings import AgentEnding, Ending
from harriet.people.notifications.kinds import HANDED_OVER, Matter
from harriet.people.notifications.recipients import who_look_after

NAMED = 5


def end_calls(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`. What runs already goes on; nothing else of theirs will."""
    mine = PendingAction.objects.filter(organization=ending.organization_id, user=ending.user_id)
    _end(mine, ending)
    _end_requests(ending)


def end_agent_calls(ending: AgentEnding) -> None:
    """Docks in `harriet.people.endings.AGENTS`."""
    _end(PendingAction.objects.filter(organization=ending.organization_id, token__agent=ending.agent_id), ending)


def _end(mine: QuerySet[PendingAction], ending: Ending | AgentEnding) -> None:
    open_ = mine.filter(state__in=[State.WAITING, State.APPROVED])
    runs_held_for(open_)
    related = open_.select_related("ticket", "connector", "tool", "user", "token").order_by("pk")
    held = list(related.select_for_update(of=("self",), no_key=True))  # all at once: others wait for a part of them
    reason = f"{ending.why} The call has not run."
    for action in held:
        after, event = _BECOME[State(action.state)]
        move(action.id, action.state, after, outcome_reason=reason, finished_at=Now())
        close_ticket(action.id)
        write_event(event, action, actor=ending.actor, decision="refuse", reason=reason)


_BECOME: dict[State, tuple[State, type[TicketEvent]]] = {
    State.WAITING: (State.ENDED, ActionEnded),
    State.APPROVED: (State.INVALID, ActionInvalidated),
}


def _end_requests(ending: Ending) -> None:
    waiting = AccessRequest.objects.filter(
        organization=ending.organization_id, person=ending.user_id, state=AccessRequest.State.OPEN
    )
    for request in waiting.select_related("ticket", "person"):
        still = waiting.filter(pk=request.pk)
        if not still.update(
            state=AccessRequest.State.DECLINED, answer=ending.why, answered_at=Now(), answered_by_label="Harriet"
        ):
            continue  # somebody has answered it at this moment
        Ticket.objects.filter(pk=request.ticket_id).update(is_open=False)
        settle_matter(ending.organization_id, request.notice_key)
        settle_for_webhooks(ending.organization_id, request.notice_key)
        record(
            AccessDeclined(
                person=person_label(request.person),
                ticket=Label(request.ticket_id, f"#{request.ticket.number}"),
                what=request.connector_label or "something new",
                reason=ending.why,
            ),
            organization_id=ending.organization_id,
            actor=ending.actor,
        )


def tell_of_undecidable(ending: Ending) -> None:
    """Docks in `harriet.people.endings.RIGHTS`. Calls that nobody can decide on wait in vain: somebody is told."""
    left = undecidable_calls(ending.organization_id)
    key = f"undecidable {sha256(b''.join(action.pk.bytes for action in left)).hexdigest()[:32]}"
    settle_matters(ending.organization_id, "undecidable ", besides=key if left else "")
    if not left:
        return
    numbers = ", ".join(f"#{action.ticket.number}" for action in left[:NAMED])
    calls = f"call {numbers} that waits" if len(left) == 1 else f"{len(left)} calls that wait ({numbers})"
    text = f"{ending.why} Nobody can decide on the {calls}: make somebody else an approver, and let it be asked anew."
    path = f"{reverse('tickets:list')}?show=waiting"
    matter = Matter(HANDED_OVER, ending.organization_id, key, text, path)
    tell_people(matter, who_look_after(ending.organization_id, None))
