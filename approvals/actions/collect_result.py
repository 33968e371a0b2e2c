"""Hand out the answer that was kept of an approved call, exactly once."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.tell_caller import client_was_told
from approvals.events import ActionCollected
from approvals.lifecycle import State, close_ticket, move, write_event
from approvals.models import COLLECT_WITHIN, PendingAction
from approvals.sealed_parts import result_of
from audit.actor import Actor


@transaction.atomic
def collect_result(action_id: UUID, *, is_task: bool = False, actor: Actor) -> bytes | None:
    """Raw JSON of the result; None when it is not there, was collected before, or waited too long. `is_task`: its
    client has it as a task, which may be read again, so it is not deleted yet."""
    action = PendingAction.objects.select_related("ticket").get(pk=action_id)
    if action.sealed_result is None or not _in_time(action_id):
        return None
    kept = {} if is_task else {"sealed_result": None}
    if not move(action_id, State.DONE, State.COLLECTED, told_at=Now(), **kept):
        return None
    close_ticket(action_id)
    client_was_told(action)
    write_event(ActionCollected, action, actor=actor)
    return result_of(action)


def _in_time(action_id: UUID) -> bool:
    """By the database's clock: the schedule that deletes results may come later."""
    return PendingAction.objects.filter(pk=action_id, expires_at__gt=Now() - COLLECT_WITHIN).exists()
