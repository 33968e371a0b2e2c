"""What a run would do, step by step, with made-up answers: nothing leaves, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from approvals.models import Workflow
from approvals.runs.definition import checked_inputs
from approvals.runs.steps.base import Asks, Ends, Scope, Sends, StepProblem, WaitsUntil
from approvals.runs.steps.kinds import KINDS
from harriet.people.models import Membership

GATES: list[Callable[[Workflow, Membership, UUID, bytes], str]] = []
"""What says what the gate would, of a call with these arguments: the floor above docks it here (`apps.py`)."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What one step would do."""

    name: str
    kind: str
    words: str
    sends: object
    """The arguments as JSON; None when it calls nothing."""
    gate: str
    """What the gate would say, as a sentence."""
    problem: str
    """Why it would fail; empty when it would not."""


def rehearse(
    workflow: Workflow, membership: Membership, inputs: Mapping[str, Any], answers: Mapping[str, Any]
) -> list[Rehearsed]:
    """For this person. Goes on after a step that fails, with nothing of it. Raises StepProblem for wrong inputs."""
    given = checked_inputs(workflow.inputs, inputs)
    found, before = [], dict[str, Any]()
    for step in workflow.steps:
        values = {"inputs": given, "steps": before, "run": {"person": membership.user.email, "ticket": 0}}
        one, is_over = _rehearsed(workflow, membership, step, Scope(values, timezone.now()))
        found.append(one)
        before = {**before, step["name"]: answers.get(step["name"], {})}
        if is_over:
            break
    return found


def _rehearsed(
    workflow: Workflow, membership: Membership, step: Mapping[str, Any], scope: Scope
) -> tuple[Rehearsed, bool]:
    kind = KINDS[step["kind"]]
    try:
        wanted = kind.begin(step, scope)
    except StepProblem as problem:
        return Rehearsed(step["name"], kind.label, kind.words(step), None, "", problem.message), False
    match wanted:
        case Sends(tool_id, arguments):
            gate = _gate(workflow, membership, tool_id, arguments)
            return Rehearsed(step["name"], kind.label, kind.words(step), json.loads(arguments), gate, ""), False
        case WaitsUntil(moment):
            words = f"Would go on at {moment:%Y-%m-%d %H:%M %Z}."
        case Asks(question):
            words = f"Would ask: {question}"
        case Ends(reason):
            words = f"Would end here: {reason}"
        case _:
            words = "Would go on."
    return Rehearsed(step["name"], kind.label, words, None, "", ""), isinstance(wanted, Ends)


def _gate(workflow: Workflow, membership: Membership, tool_id: UUID, arguments: bytes) -> str:
    for says in GATES:
        return says(workflow, membership, tool_id, arguments)
    return ""
