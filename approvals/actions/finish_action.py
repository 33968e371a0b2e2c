"""Keep the answer of an approved call until its client collects it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.tell_caller import tell_caller
from approvals.lifecycle import State, check_is_harriet, move
from approvals.models import PendingAction
from approvals.sealed_parts import sealer_of
from approvals.sides import approved_by
from audit.actor import Actor

_COLLECTED = "your client gets it with the same call again."


@transaction.atomic
def finish_action(action_id: UUID, result: bytes, *, actor: Actor) -> bool:
    """`result` is raw JSON. False when the action is not running any more. No audit event: the call wrote its own."""
    check_is_harriet(actor)
    related = ("organization", "ticket", "connector", "tool", "user")
    action = PendingAction.objects.select_related(*related).get(pk=action_id)
    sealed = sealer_of(action)("result", result)
    moved = move(action_id, State.EXECUTING, State.DONE, finished_at=Now(), sealed_result=sealed)
    if moved:
        by = " and ".join(approved_by(action))
        there = f"its answer is there until {action.collect_until:%Y-%m-%d %H:%M} UTC: {_COLLECTED}"
        tell_caller(action, f"was approved{by and f' by {by}'}, and {there}")
    return moved
