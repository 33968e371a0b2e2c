"""Hand out the answer that was kept of an approved call, exactly once."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.tell_caller import client_was_told
from approvals.events import ActionCollected
from approvals.lifecycle import State, close_ticket, move, write_event
from approvals.models import PendingAction
from approvals.sealed_parts import result_of
from audit.actor import Actor


@transaction.atomic
def collect_result(action_id: UUID, *, actor: Actor) -> bytes | None:
    """Raw JSON of the result; None when it is not there, or was collected before."""
    action = PendingAction.objects.select_related("ticket").get(pk=action_id)
    if action.sealed_result is None:
        return None
    if not move(action_id, State.DONE, State.COLLECTED, told_at=Now(), sealed_result=None):
        return None
    close_ticket(action_id)
    client_was_told(action)
    write_event(ActionCollected, action, actor=actor)
    return result_of(action)
