"""Refuse one held call; the reason goes back to the client."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.record_decision import LATE, standing, write_decision
from approvals.actions.tell_caller import tell_caller
from approvals.errors import ApprovalError, TooLate
from approvals.events import ActionRejected
from approvals.lifecycle import State, close_ticket, move, write_event
from approvals.models import Decision, PendingAction
from audit.actor import Actor


@transaction.atomic
def reject_action(action: PendingAction, *, reason: str, actor: Actor) -> None:
    """Nothing leaves, and the client is told why; of two who decide, one is enough, and the one who approved first may.
    Raises ApprovalError without a reason, NotYours or TooLate."""
    text = reason.strip()
    if not text:
        raise ApprovalError("Say why: the reason goes back to the person and their client.", field="reason")
    now, person = standing(action, actor, rejects=True)
    if not move(now.pk, State.WAITING, State.REJECTED, decided_at=Now(), outcome_reason=text):
        raise TooLate(LATE)
    decision = write_decision(now, person, Decision.Choice.REJECT, text)
    close_ticket(now.pk)
    write_event(ActionRejected, now, actor=actor, decision="refuse", reason=text)
    tell_caller(now, f"was rejected by {decision.approver_label}: {text}")
