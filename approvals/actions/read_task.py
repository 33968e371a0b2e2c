"""Tell the client of a task how its call stands, with the result as often as it asks while the result is kept."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from approvals.actions.collect_result import collect_result
from approvals.held_call import Held
from approvals.lifecycle import REFUSED, State, check_is_harriet, mark_told
from approvals.models import PendingAction
from approvals.queries import as_held
from approvals.sealed_parts import result_of
from audit.actor import Actor


@dataclass(frozen=True, slots=True)
class TaskRead:
    """A call as its client is told of it."""

    held: Held
    result: bytes | None
    """Raw JSON; None when it has none, when another request collected it, or when it is not kept any more."""


@transaction.atomic
def read_task(action_id: UUID, *, with_result: bool = True, actor: Actor) -> TaskRead | None:
    """None when the row is gone. The first time that its end is told is noted as such; `with_result` is False for
    whoever may not have the result any more."""
    check_is_harriet(actor)
    action = PendingAction.objects.select_related("ticket").filter(pk=action_id).first()
    if action is None:
        return None
    if action.state in REFUSED:
        mark_told(action.id)
    return TaskRead(as_held(action), _result(action, actor) if with_result else None)


def _result(action: PendingAction, actor: Actor) -> bytes | None:
    if action.state == State.DONE:
        collected = collect_result(action.id, is_task=True, actor=actor)
        if collected is not None:
            return collected
        action.refresh_from_db()
    return result_of(action) if action.state == State.COLLECTED else None
