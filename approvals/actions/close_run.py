"""What cancelling a run and ending it with its person's access share."""

from __future__ import annotations

from django.db.models.functions import Now

from approvals.actions.run_events import settle_for_person
from approvals.events import ActionWithdrawn
from approvals.lifecycle import State as ActionState
from approvals.lifecycle import close_ticket, move, write_event
from approvals.models import PendingAction, RunStep, Ticket, WorkflowRun
from approvals.runs.leases import OPEN, STOPPED
from audit.actor import Actor

State = RunStep.State
_WITHDRAWN = "The run that asked for it has ended. The call has not run."


def close_run(run: WorkflowRun, state: str, reason: str, *, actor: Actor) -> bool:
    """False when it had come to its end before. A step that was being sent goes on to its own end: its process, or
    whoever finds that dead, says what became of it."""
    open_ = WorkflowRun.objects.filter(pk=run.pk, state__in=OPEN + STOPPED)
    if not open_.update(state=state, reason=reason[:500], due_at=None, finished_at=Now()):
        return False
    steps = RunStep.objects.filter(run=run, state__in=[State.RUNNING, State.WAITING])
    _withdraw_calls(run, actor)
    steps.update(state=State.CANCELLED, finished_at=Now())
    if not RunStep.objects.filter(run=run, state=State.SENDING).exists():
        WorkflowRun.objects.filter(pk=run.pk).update(lease=None)
    Ticket.objects.filter(pk=run.ticket_id).update(is_open=False)
    settle_for_person(run)
    return True


def _withdraw_calls(run: WorkflowRun, actor: Actor) -> None:
    """Nobody is asked about them any more."""
    held = PendingAction.objects.filter(run_step__run=run).select_related("ticket", "connector", "tool", "user")
    for action in held.filter(state__in=[ActionState.WAITING, ActionState.APPROVED]):
        if move(action.pk, action.state, ActionState.WITHDRAWN, outcome_reason=_WITHDRAWN, finished_at=Now()):
            close_ticket(action.pk)
            write_event(ActionWithdrawn, action, actor=actor, reason=_WITHDRAWN)
