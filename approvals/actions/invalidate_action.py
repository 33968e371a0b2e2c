"""End an approved call that may not run any more, because what the approval was bound to has changed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.tell_caller import tell_caller
from approvals.events import ActionInvalidated
from approvals.lifecycle import State, close_ticket, move, write_event
from approvals.models import PendingAction
from audit.actor import Actor


@transaction.atomic
def invalidate_action(action_id: UUID, reason: str, *, actor: Actor) -> bool:
    """`reason` is the sentence that client and ticket show. False when it isn't approved, or not any more."""
    moved = move(action_id, State.APPROVED, State.INVALID, outcome_reason=reason, finished_at=Now())
    if moved:
        close_ticket(action_id)
        action = PendingAction.objects.select_related("ticket").get(pk=action_id)
        write_event(ActionInvalidated, action, actor=actor, decision="refuse", reason=reason)
        tell_caller(action, f"was approved and has not run: {reason}")
    return moved
