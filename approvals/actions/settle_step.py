"""Say that a step had run whose outcome is not known: the run goes on after it, without its answer."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.end_run import go_on, pass_step
from approvals.actions.run_events import write_run_event
from approvals.actions.stopped_step import stopped_step
from approvals.errors import ApprovalError
from approvals.events import StepSettled
from approvals.models import RunStep, WorkflowRun
from approvals.runs.sealed import SealedParts
from audit.actor import Actor


@transaction.atomic
def settle_step(run: WorkflowRun, *, actor: Actor) -> None:
    """Raises ApprovalError for a step of which Harriet knows what became; NotYours, or TooLate."""
    run, step = stopped_step(run, actor)
    if step.state != RunStep.State.UNKNOWN:
        raise ApprovalError("This step failed, so there is nothing to say: have it tried again, or cancel the run.")
    pass_step(run, step, {}, SealedParts.of(run), reason=f"{actor.label} looked, and says that it had run.")
    write_run_event(StepSettled, run, actor=actor, step=step.name)
    go_on(run)
