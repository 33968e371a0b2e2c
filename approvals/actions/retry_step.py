"""Have the step tried again at which a run stopped: a deliberate act of the run's person."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.end_run import go_on
from approvals.actions.run_events import write_run_event
from approvals.actions.stopped_step import stopped_step
from approvals.errors import ApprovalError
from approvals.events import StepRetried
from approvals.models import RunStep, WorkflowRun
from audit.actor import Actor


@transaction.atomic
def retry_step(run: WorkflowRun, *, has_not_run: bool, actor: Actor) -> None:
    """`has_not_run`: the person has looked, and the call had no effect. Raises ApprovalError without that, where it is
    not known; NotYours, or TooLate when the run goes on already."""
    run, step = stopped_step(run, actor)
    is_unknown = step.state == RunStep.State.UNKNOWN
    if is_unknown and not has_not_run:
        raise ApprovalError(
            "It is not known whether this call had an effect. Look there first, and say that it had none.",
            field="has_not_run",
        )
    said = f"{actor.label} looked, and the call had had no effect" if is_unknown else ""
    write_run_event(StepRetried, run, actor=actor, step=step.name, reason=said)
    go_on(run)
