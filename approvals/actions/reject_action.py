"""Refuse one held call; the reason goes back to the client."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.record_decision import record_decision
from approvals.actions.tell_caller import tell_caller
from approvals.errors import ApprovalError
from approvals.events import ActionRejected
from approvals.lifecycle import State, close_ticket, write_event
from approvals.models import Decision, PendingAction
from audit.actor import Actor


@transaction.atomic
def reject_action(action: PendingAction, *, reason: str, actor: Actor) -> None:
    """Nothing leaves, and the client is told why. Raises ApprovalError without a reason, NotYours or TooLate."""
    if not reason.strip():
        raise ApprovalError("Say why: the reason goes back to the person and their client.", field="reason")
    record_decision(action, Decision.Choice.REJECT, State.REJECTED, reason.strip(), actor=actor)
    close_ticket(action.id)
    write_event(ActionRejected, action, actor=actor, decision="refuse", reason=reason.strip())
    tell_caller(action, f"was rejected by {action.decision.approver_label}: {reason.strip()}")
