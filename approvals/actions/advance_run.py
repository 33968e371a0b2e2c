"""Go on with a run by one step, as whoever holds its lease: each step is durable before the next begins."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from approvals.actions.collect_result import collect_result
from approvals.actions.end_run import fail_step, finish_run, pass_step
from approvals.actions.keep_answer import take_answer
from approvals.actions.run_events import tell_person
from approvals.frozen import stop_before, why_frozen
from approvals.lifecycle import REFUSED, check_is_harriet
from approvals.lifecycle import State as ActionState
from approvals.models import PendingAction, RunStep, WorkflowRun
from approvals.runs.scope import scope_of
from approvals.runs.sealed import SealedParts
from approvals.runs.steps.base import Asks, Ends, Passes, Sends, StepProblem, WaitsUntil
from approvals.runs.steps.kinds import KINDS
from approvals.runs.work import Again, Execute, Rest, Send, Work
from audit.actor import SYSTEM, Actor

LOOK_AGAIN = timedelta(seconds=15)
"""Until a run that an emergency stop keeps from its next call looks whether it still does."""
_DELETED = "The tool was deleted while its call waited for approval, so it has not run."
_GONE = "Its call ran, and the answer was deleted before the run had it."
MOST_LOST = 5
"""Attempts at one step that broke off before anything was sent, after which somebody has to look."""
_BROKEN = "The process that worked at it stopped {} times before anything was sent. Look at Harriet's own log first."


@transaction.atomic
def advance_run(run_id: UUID, lease: UUID, *, actor: Actor) -> Work:
    """What is to be done next. A run that waits, has stopped or is somebody else's gives Rest."""
    check_is_harriet(actor)
    run = _mine(run_id, lease)
    if run is None:
        return Rest()
    if run.cursor >= len(run.steps):
        finish_run(run, "")
        return Rest()
    step = RunStep.objects.filter(run=run, position=run.cursor).order_by("-attempt").first()
    if step is None or step.state in (RunStep.State.LOST, RunStep.State.FAILED, RunStep.State.UNKNOWN):
        return _begin(run, lease)
    if step.state == RunStep.State.WAITING:
        return _look(run, step, lease)
    return _rest(run)


def _mine(run_id: UUID, lease: UUID) -> WorkflowRun | None:
    runs = WorkflowRun.objects.select_for_update(of=("self",), no_key=True).select_related(
        "ticket", "user", "organization"
    )
    return runs.filter(pk=run_id, lease=lease, state=WorkflowRun.State.RUNNING).first()


def _begin(run: WorkflowRun, lease: UUID) -> Work:
    """A new attempt at the step. What it sends is decided now, by the answers that there are."""
    settings, parts = run.steps[run.cursor], SealedParts.of(run)
    if stop_before(run) is not None:
        return _rest(run, until=timezone.now() + LOOK_AGAIN)
    tried = RunStep.objects.filter(run=run, position=run.cursor)
    number = (tried.aggregate(last=Max("attempt"))["last"] or 0) + 1
    step = RunStep.objects.create(
        run=run, position=run.cursor, name=settings["name"], kind=settings["kind"], attempt=number, lease=lease
    )
    lost = tried.filter(state=RunStep.State.LOST).count()
    if lost >= MOST_LOST and lost == number - 1:
        fail_step(run, step, _BROKEN.format(lost))
        return Rest()
    try:
        wanted = KINDS[settings["kind"]].begin(settings, scope_of(run, parts))
    except StepProblem as problem:
        fail_step(run, step, problem.message)
        return Rest()
    return _do(wanted, run, step, parts)


def _do(wanted: Sends | WaitsUntil | Asks | Passes | Ends, run: WorkflowRun, step: RunStep, parts: SealedParts) -> Work:
    match wanted:
        case Sends(tool_id, arguments):
            sealed = parts.seal(step.pk, "arguments", arguments)
            RunStep.objects.filter(pk=step.pk).update(tool=tool_id, sealed_arguments=sealed)
            return _send(run, step, tool_id, arguments)
        case WaitsUntil(moment):
            return _wait(run, step, until=moment)
        case Asks(question):
            tell_person(run, f"asks: {question}")
            return _wait(run, step, question=question)
        case Passes(result):
            pass_step(run, step, {"result": result}, parts)
            return Again()
        case Ends(reason):
            pass_step(run, step, {"result": True}, parts)
            finish_run(run, reason)
            return Rest()


def _send(run: WorkflowRun, step: RunStep, tool_id: UUID, arguments: bytes) -> Send:
    assert step.lease is not None
    return Send(
        run_id=run.pk,
        step_id=step.pk,
        lease=step.lease,
        organization_id=run.organization_id,
        profile_id=run.profile_id,
        user_id=run.user_id,
        tool_id=tool_id,
        workflow=run.name,
        trust=run.trust,
        ticket=run.ticket.as_label(),
        arguments=arguments,
    )


def _wait(run: WorkflowRun, step: RunStep, *, until: datetime | None = None, question: str = "") -> Rest:
    changed = {"waits_until": until, "reason": question}
    RunStep.objects.filter(pk=step.pk).update(state=RunStep.State.WAITING, lease=None, **changed)
    return _rest(run, until=until)


def _rest(run: WorkflowRun, *, until: datetime | None = None) -> Rest:
    WorkflowRun.objects.filter(pk=run.pk).update(
        state=WorkflowRun.State.WAITING, lease=None, due_at=until, queued_at=None
    )
    return Rest()


def _look(run: WorkflowRun, step: RunStep, lease: UUID) -> Work:
    """Whether what it waits for has come."""
    action = PendingAction.objects.filter(run_step=step).first()
    if action is not None:
        return _look_at_call(run, step, action, lease)
    if step.kind == "call":
        fail_step(run, step, _DELETED)
        return Rest()
    if step.waits_until is None or step.waits_until > timezone.now():
        return _rest(run, until=step.waits_until)
    pass_step(run, step, {"result": step.waits_until.isoformat()}, SealedParts.of(run))
    return Again()


def _look_at_call(run: WorkflowRun, step: RunStep, action: PendingAction, lease: UUID) -> Work:
    if action.state == ActionState.APPROVED and why_frozen(action):
        return _rest(run, until=timezone.now() + LOOK_AGAIN)
    if action.state == ActionState.APPROVED and step.tool_id is not None:
        RunStep.objects.filter(pk=step.pk).update(lease=lease)
        step.lease = lease
        return Execute(action.pk, _send(run, step, step.tool_id, b""))
    if action.state == ActionState.DONE:
        answer = collect_result(action.pk, actor=SYSTEM)
        take_answer(run, step, answer or b"{}")
        return Again()
    if action.state in REFUSED:
        fail_step(run, step, f"{action.get_state_display()}. {action.outcome_reason}".strip())
        return Rest()
    if action.state in (ActionState.COLLECTED, ActionState.LAPSED):
        fail_step(run, step, _GONE, is_unknown=True)
        return Rest()
    # By then it has expired, or was deleted with its tool.
    return _rest(run, until=max(action.expires_at, timezone.now() + LOOK_AGAIN))
