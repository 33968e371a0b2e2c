"""The moves of a pending action: each is one compare-and-set on the row's state, announced by NOTIFY."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from approvals.errors import NotYours
from approvals.models import PendingAction, Ticket
from approvals.runs.waking import runs_held_for, wake_runs
from approvals.waiting_calls import keys_over, matters_left, waiting_with
from approvals.webhooks.outbox import reword_for_webhooks, settle_for_webhooks
from audit.actor import Actor, Label
from audit.events import TicketEvent
from audit.record import record
from harriet.people.actions.settle_matter import reword_matter, settle_matter

NOTIFIED = "harriet_action"
"""The channel of PostgreSQL's NOTIFY; the payload is the action's id."""

State = PendingAction.State
RAN = [State.DONE, State.COLLECTED, State.LAPSED]
"""And it is known how it ended."""
REFUSED = [State.REJECTED, State.EXPIRED, State.WITHDRAWN, State.ENDED, State.INVALID, State.UNKNOWN]


def move(action_id: UUID, before: str, after: str, **changes: Any) -> bool:
    """Compare-and-set of the state, announced to whoever waits; True when this call made the move."""
    action = PendingAction.objects.filter(pk=action_id)
    with transaction.atomic():
        run_ids = runs_held_for(action)
        moved = action.filter(state=before).update(state=after, **changes)
        if moved:
            announce(action_id)
            wake_runs(run_ids, after)
        if moved and before == State.WAITING:
            _settle(action_id)
    return bool(moved)


def mark_told(action_id: UUID) -> bool:
    """The client is being told why its call was refused; True for the one who may tell it."""
    untold = PendingAction.objects.filter(pk=action_id, state__in=REFUSED, told_at=None)
    return bool(untold.update(told_at=Now()))


def check_is_harriet(actor: Actor) -> None:
    """Approved calls are run by Harriet alone, whoever asked and whoever approved. Raises NotYours."""
    if actor.kind != "system":
        raise NotYours("Harriet itself runs approved calls; nobody else does.")


def close_ticket(action_id: UUID) -> None:
    """Nothing is left to decide on it, and nobody looks at it for that any more."""
    Ticket.objects.filter(action=action_id).update(is_open=False, claimed_by=None, claimed_by_label="", claimed_at=None)


def write_event(
    kind: type[TicketEvent],
    action: PendingAction,
    *,
    actor: Actor,
    decision: str = "",
    reason: str = "",
    **more: Any,
) -> None:
    """One audit event about the action, under the request id of the call that was held. `more` is what its kind has
    beside."""
    happened = kind(
        person=Label(action.user_id or action.token_id or action.id, action.caller_label),
        device=Label(action.device_id, action.device_label) if action.device_id else None,
        client=action.client_label,
        token_hint=action.token_hint,
        connector=Label(action.connector_id, action.connector.name),
        tool=Label(action.tool_id, str(action.tool)),
        ticket=action.ticket.as_label(),
        decision=decision,
        reason=reason,
        **more,
    )
    record(happened, organization_id=action.organization_id, actor=actor, request_id=action.request_id)


def _settle(action_id: UUID) -> None:
    """There is nothing left to decide about it: it leaves the approvers' line, and with the last call that is over."""
    action = PendingAction.objects.get(pk=action_id)
    settle_matter(action.organization_id, handed_key(action_id))
    waiting = waiting_with(action)
    for matter in matters_left(action, waiting):
        reword_matter(matter)
        reword_for_webhooks(matter)
    for key in keys_over(action, waiting):
        settle_matter(action.organization_id, key)
        settle_for_webhooks(action.organization_id, key)


def handed_key(action_id: UUID) -> str:
    """Names the line in the inbox of whoever it was handed over to."""
    return f"handed over {action_id}"


def announce(action_id: UUID) -> None:
    """To whoever waits for it, or looks at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [NOTIFIED, str(action_id)])
