"""Let one held call run, once, with exactly the arguments that were shown."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.record_decision import record_decision
from approvals.events import ActionApproved
from approvals.lifecycle import State, write_event
from approvals.models import Decision, PendingAction
from approvals.task_queue import run_soon
from audit.actor import Actor


@transaction.atomic
def approve_action(action: PendingAction, *, actor: Actor, reason: str = "") -> None:
    """Releases the call, which Harriet then runs with the stored bytes. Raises NotYours or TooLate."""
    record_decision(action, Decision.Choice.APPROVE, State.APPROVED, reason, actor=actor)
    write_event(ActionApproved, action, actor=actor, decision="run", reason=reason)
    run_soon(action.id)
