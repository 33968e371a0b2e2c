"""Give up processes that work at runs and have not been heard of: what they had not sent is tried again, what may have
left is not."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.end_run import fail_step
from approvals.actions.lose_action import lose_action
from approvals.lifecycle import State as ActionState
from approvals.lifecycle import check_is_harriet, move
from approvals.models import PendingAction, RunStep, WorkflowRun
from approvals.runs.leases import dead
from approvals.runs.waking import wake_run
from audit.actor import Actor
from connectors.models import Risk

BATCH = 100
_UNKNOWN = (
    "The process that made this call stopped before the answer was kept, so it is not known whether the call had an "
    "effect. Look there, and say what became of it."
)


def reap_runs(*, actor: Actor) -> int:
    """How many were given up. Safe to run in several workers at once."""
    check_is_harriet(actor)
    return sum(_give_up(run_id, actor) for run_id in dead(BATCH).values_list("pk", flat=True))


@transaction.atomic
def _give_up(run_id: UUID, actor: Actor) -> bool:
    runs = WorkflowRun.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    run = (
        runs.select_related("ticket", "user", "organization").filter(pk=run_id, pk__in=dead(BATCH).values("pk")).first()
    )
    if run is None:
        return False
    step = RunStep.objects.select_related("tool").filter(run=run, lease=run.lease).order_by("-attempt").first()
    WorkflowRun.objects.filter(pk=run.pk).update(lease=None)
    if step is not None:
        _settle(run, step, actor)
    wake_run(run.pk)
    return True


def _settle(run: WorkflowRun, step: RunStep, actor: Actor) -> None:
    """The attempt's state is compared and set: a process that lives after all has lost it, or has been faster."""
    action = PendingAction.objects.select_related("ticket", "connector", "tool", "user").filter(run_step=step).first()
    if action is not None:
        _settle_approved(run, step, action, actor)
    elif _moved(step, RunStep.State.RUNNING, RunStep.State.LOST):
        return
    elif step.tool is not None and step.tool.risk == Risk.READ_ONLY:
        _moved(step, RunStep.State.SENDING, RunStep.State.LOST)  # it reads: asking again changes nothing
    elif _moved(step, RunStep.State.SENDING, RunStep.State.UNKNOWN):
        fail_step(run, step, _UNKNOWN, is_unknown=True)


def _settle_approved(run: WorkflowRun, step: RunStep, action: PendingAction, actor: Actor) -> None:
    """The approval stands as long as nothing has left for it."""
    if _moved(step, RunStep.State.WAITING, RunStep.State.WAITING):
        move(action.pk, ActionState.EXECUTING, ActionState.APPROVED, started_at=None)
    elif action.state == ActionState.DONE:
        _moved(step, RunStep.State.SENDING, RunStep.State.WAITING)  # its answer was kept: the run collects it
    elif _moved(step, RunStep.State.SENDING, RunStep.State.UNKNOWN):
        lose_action(action.pk, actor=actor)
        fail_step(run, step, _UNKNOWN, is_unknown=True)


def _moved(step: RunStep, before: str, after: str) -> bool:
    mine = RunStep.objects.filter(pk=step.pk, state=before, lease=step.lease)
    return bool(mine.update(state=after, lease=None, finished_at=None if after == RunStep.State.WAITING else Now()))
