"""What a run knows when it reaches a step: its inputs, and the answers of the steps before."""

from __future__ import annotations

from django.utils import timezone

from approvals.models import RunStep, WorkflowRun
from approvals.runs.sealed import SealedParts
from approvals.runs.steps.base import Scope


def scope_of(run: WorkflowRun, parts: SealedParts) -> Scope:
    done = RunStep.objects.filter(run=run, position__lt=run.cursor, state=RunStep.State.DONE).order_by("position")
    steps = {step.name: parts.result_of(step) or {} for step in done}
    who = {"person": run.caller_label, "ticket": run.ticket.number}
    return Scope({"inputs": parts.inputs_of(run), "steps": steps, "run": who}, timezone.now())
