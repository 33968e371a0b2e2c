"""Let one held call run, once, with exactly the arguments that were shown."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.record_decision import is_released, standing, write_decision
from approvals.events import ActionApproved, ActionApprovedFirst
from approvals.lifecycle import write_event
from approvals.models import Decision, PendingAction
from audit.actor import Actor


@transaction.atomic
def approve_action(action: PendingAction, *, actor: Actor, reason: str = "", edition: int | None = None) -> bool:
    """Releases the call, which Harriet then runs with the stored bytes; False when a second person has to approve it
    first. `edition` is the one that the person saw, else the row's. Raises NotYours or TooLate."""
    now, person = standing(action, actor, edition=edition)
    write_decision(now, person, Decision.Choice.APPROVE, reason)
    released = is_released(now)
    if released:
        write_event(ActionApproved, now, actor=actor, decision="run", reason=reason)
    else:
        write_event(ActionApprovedFirst, now, actor=actor, decision="hold", reason=reason)
    return released
