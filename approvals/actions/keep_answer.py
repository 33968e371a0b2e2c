"""Keep what became of a step's call, as soon as it is known; also when the process that made it had been given up."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from approvals.actions.collect_result import collect_result
from approvals.actions.end_run import fail_step, go_on, pass_step
from approvals.lifecycle import check_is_harriet
from approvals.models import PendingAction, RunStep, WorkflowRun
from approvals.runs.results import result_of_call
from approvals.runs.sealed import SealedParts
from approvals.runs.steps.base import StepProblem
from audit.actor import Actor

_OPEN = [RunStep.State.RUNNING, RunStep.State.SENDING, RunStep.State.WAITING, RunStep.State.UNKNOWN]


@transaction.atomic
def keep_answer(step_id: UUID, answer: bytes, *, is_unknown: bool, actor: Actor) -> None:
    """`answer` is raw JSON. Of a call that a person approved it is collected from there, once. `is_unknown`: it says
    that nobody knows whether the call had an effect."""
    check_is_harriet(actor)
    found = _locked(step_id)
    if found is None:
        return
    run, step = found
    held = PendingAction.objects.filter(run_step=step, state=PendingAction.State.DONE).first()
    if held is not None:
        collect_result(held.pk, actor=actor)
    take_answer(run, step, answer, is_unknown=is_unknown)


@transaction.atomic
def keep_failure(step_id: UUID, reason: str, *, is_unknown: bool, actor: Actor) -> None:
    """`is_unknown`: the call may have had an effect all the same."""
    check_is_harriet(actor)
    found = _locked(step_id)
    if found is not None and found[1].state != RunStep.State.UNKNOWN:
        fail_step(*found, reason, is_unknown=is_unknown)


def take_answer(run: WorkflowRun, step: RunStep, answer: bytes, *, is_unknown: bool = False) -> None:
    """In the transaction of whoever has the run's row."""
    was_stopped = run.state == WorkflowRun.State.UNKNOWN
    try:
        result = result_of_call(answer)
    except StepProblem as problem:
        fail_step(run, step, problem.message, is_unknown=is_unknown)
        return
    pass_step(run, step, result, SealedParts.of(run))
    if was_stopped:
        go_on(run)


def _locked(step_id: UUID) -> tuple[WorkflowRun, RunStep] | None:
    """The run's row is ours until the transaction ends. None when nothing is open about the attempt any more: somebody
    said what became of it, or it was tried again."""
    runs = WorkflowRun.objects.select_for_update(of=("self",), no_key=True)
    run = runs.select_related("ticket", "user", "organization").filter(attempts=step_id).first()
    if run is None:
        return None
    newest = RunStep.objects.filter(run=run, position=run.cursor).order_by("-attempt").first()
    if newest is None or newest.pk != step_id or newest.state not in _OPEN:
        return None
    return run, newest
