"""Close a call that was started, and of which nobody knows whether it was carried out: it is never run again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.tell_caller import tell_caller
from approvals.events import ActionLost
from approvals.lifecycle import State, check_is_harriet, close_ticket, move, write_event
from approvals.models import PendingAction
from audit.actor import Actor

LOST = "It was started, but the process that ran it stopped; check with the service whether it took effect."


@transaction.atomic
def lose_action(action_id: UUID, *, reason: str = LOST, actor: Actor) -> bool:
    """False when it doesn't run, or not any more."""
    check_is_harriet(actor)
    if not move(action_id, State.EXECUTING, State.UNKNOWN, finished_at=Now(), outcome_reason=reason[:500]):
        return False
    related = PendingAction.objects.select_related("organization", "ticket", "connector", "tool", "user")
    action = related.get(pk=action_id)
    close_ticket(action_id)
    write_event(ActionLost, action, actor=actor, reason=reason)
    tell_caller(action, "was approved and started, and nobody knows how it ended: check with the service.")
    return True
