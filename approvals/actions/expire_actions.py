"""End what nobody decided in time, what was approved and did not run in time, and what was started by a process that is
gone."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.lose_action import lose_action
from approvals.actions.tell_caller import tell_caller
from approvals.events import ActionExpired, ActionInvalidated
from approvals.lifecycle import State, close_ticket, move, write_event
from approvals.models import PendingAction
from audit.actor import Actor

AT_ONCE = 500
"""Actions in one run."""
UNDECIDED = "Nobody decided on it in time."
NOT_RUN = "It was approved, but did not run in time."


def expire_actions(*, actor: Actor) -> int:
    """Returns how many actions ended, at most some hundred of each kind: the schedule comes again soon. Safe to run in
    several workers at once."""
    related = PendingAction.objects.select_related("organization", "ticket", "connector", "tool", "user")
    late = related.filter(state__in=[State.WAITING, State.APPROVED], expires_at__lte=Now())
    grace = timedelta(seconds=settings.MCP_DEADLINE_SECONDS + 60)
    lost = related.filter(state=State.EXECUTING, started_at__lte=Now() - grace)
    late, lost = late.order_by("expires_at")[:AT_ONCE], lost.order_by("started_at")[:AT_ONCE]
    ended = sum(expire_action(action, actor=actor) for action in late)
    return ended + sum(lose_action(action.pk, actor=actor) for action in lost)


@transaction.atomic
def expire_action(action: PendingAction, *, actor: Actor) -> bool:
    """One that waits, or was approved. False when it was decided on, run or closed in the meantime."""
    is_approved = action.state == State.APPROVED
    reason = NOT_RUN if is_approved else UNDECIDED
    if not move(action.id, action.state, State.EXPIRED, finished_at=Now(), outcome_reason=reason):
        return False
    close_ticket(action.id)
    if is_approved:
        write_event(ActionInvalidated, action, actor=actor, decision="refuse", reason=reason)
        tell_caller(action, "was approved, did not run in time and has expired.")
    else:
        write_event(ActionExpired, action, actor=actor, decision="refuse")
        tell_caller(action, "expired without a decision, and has not run.")
    return True
