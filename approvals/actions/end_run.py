"""What becomes of a step, and of its run with it: done, failed, unknown. In the transaction of whoever found it out."""

from __future__ import annotations

import json
from typing import Any

from django.db.models.functions import Now

from approvals.actions.run_events import settle_for_person, tell_person, write_run_event
from approvals.events import RunFinished, RunStopped
from approvals.models import RunStep, Ticket, WorkflowRun
from approvals.runs.sealed import SealedParts
from approvals.runs.waking import wake_run
from audit.actor import SYSTEM

State = WorkflowRun.State


def pass_step(run: WorkflowRun, step: RunStep, result: dict[str, Any], parts: SealedParts, *, reason: str = "") -> None:
    """The step is done; the run is at the next one."""
    sealed = parts.seal(step.pk, "result", json.dumps(result, ensure_ascii=False).encode())
    _finish(step, RunStep.State.DONE, reason or step.reason, sealed_result=sealed)
    run.cursor = step.position + 1
    goes_on = WorkflowRun.objects.filter(pk=run.pk).exclude(state__in=[State.CANCELLED, State.ENDED])
    goes_on.update(cursor=run.cursor, due_at=Now())


def go_on(run: WorkflowRun) -> None:
    """The run is no longer stopped."""
    settle_for_person(run)
    WorkflowRun.objects.filter(pk=run.pk).update(state=State.RUNNING, lease=None, reason="", finished_at=None)
    Ticket.objects.filter(pk=run.ticket_id).update(is_open=True)
    wake_run(run.pk)


def fail_step(run: WorkflowRun, step: RunStep, reason: str, *, is_unknown: bool = False) -> None:
    """The run stops at it, and goes no further by itself."""
    _finish(step, RunStep.State.UNKNOWN if is_unknown else RunStep.State.FAILED, reason)
    stopped = _stop(run, State.UNKNOWN if is_unknown else State.FAILED, reason)
    if stopped:
        became = "unknown" if is_unknown else "failed"
        write_run_event(RunStopped, run, actor=SYSTEM, step=step.name, became=became, reason=reason[:500])
        tell_person(run, f"stopped at the step {step.name}: {reason}")


def finish_run(run: WorkflowRun, reason: str) -> None:
    """It came to its end, or a condition of it held."""
    if _stop(run, State.DONE, reason):
        Ticket.objects.filter(pk=run.ticket_id).update(is_open=False)
        write_run_event(RunFinished, run, actor=SYSTEM, reason=reason[:500])
        tell_person(run, f"is done{f': {reason}' if reason else '.'}")


def _finish(step: RunStep, state: str, reason: str, **more: Any) -> None:
    RunStep.objects.filter(pk=step.pk).update(state=state, reason=reason[:500], lease=None, finished_at=Now(), **more)


def _stop(run: WorkflowRun, state: str, reason: str) -> bool:
    """False for a run that was cancelled or ended meanwhile: that stays."""
    under_way = WorkflowRun.objects.filter(pk=run.pk, state__in=[State.RUNNING, State.WAITING])
    return bool(under_way.update(state=state, reason=reason[:500], lease=None, due_at=None, finished_at=Now()))
