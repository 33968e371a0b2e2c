"""The parts of a workflow in its editor: each step has a form of its kind, each input one of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from approvals.actions.save_workflow import WrongDefinition, change_workflow, definition_of
from approvals.models import Workflow
from approvals.pages.workflow_forms import STEP_FORMS, InputForm, StepForm
from approvals.pages.workflows import workflow_at
from approvals.runs.definition import Fault
from approvals.runs.steps.base import StepKind
from approvals.runs.steps.kinds import KINDS
from harriet.pages.context import PageContext, show
from harriet.pages.forms import status_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StepPage(PageContext):
    template = "workflows/step.html"
    active = "workflows"
    workflow: Workflow
    form: StepForm
    kind: StepKind
    is_new: bool
    inputs: list[Json]
    before: list[Json]
    """The steps before it, of which its expressions may speak."""


@dataclass(frozen=True, slots=True)
class InputPage(PageContext):
    template = "workflows/input.html"
    active = "workflows"
    workflow: Workflow
    form: InputForm
    is_new: bool


@needs(Power.MANAGE_CONNECTORS)
def new_step(request: OrganizationRequest, pk: UUID, kind: str) -> HttpResponse:
    """At the end."""
    workflow = workflow_at(request, pk)
    return _step(request, workflow, kind, len(workflow.steps), {})


@needs(Power.MANAGE_CONNECTORS)
def change_step(request: OrganizationRequest, pk: UUID, position: int) -> HttpResponse:
    workflow = workflow_at(request, pk)
    step = _at(workflow.steps, position)
    return _step(request, workflow, step["kind"], position, step)


def _step(request: OrganizationRequest, workflow: Workflow, kind: str, position: int, step: Json) -> HttpResponse:
    if kind not in KINDS:
        raise Http404("There is no such kind of step.")
    form = STEP_FORMS[kind](request.organization, request.POST or None, initial=STEP_FORMS[kind].initial_of(step))

    def changed() -> list[Json]:
        return _with(workflow.steps, position, {**form.settings(), "kind": kind})

    if form.is_bound and form.is_valid() and _save(request, workflow, form, position, steps=changed):
        messages.success(request, f"The step {form.cleaned_data['name']} is saved.")
        return redirect("workflows:detail", workflow.pk)
    page = StepPage(
        workflow=workflow,
        form=form,
        kind=KINDS[kind],
        is_new=not step,
        inputs=workflow.inputs,
        before=workflow.steps[:position],
    )
    return show(request, page, status=status_of(form))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def move_step(request: OrganizationRequest, pk: UUID, position: int) -> HttpResponse:
    """Up or down by one, or out."""
    workflow = workflow_at(request, pk)
    steps, way = list(workflow.steps), request.POST.get("way", "")
    name, done = _at(steps, position)["name"], "removed" if way == "remove" else "moved"
    if way == "remove":
        steps.pop(position)
    elif way in _WAYS and 0 <= position + _WAYS[way] < len(steps):
        steps.insert(position + _WAYS[way], steps.pop(position))
    try:
        if change_workflow(workflow, replace(definition_of(workflow), steps=steps), actor=request.actor):
            messages.success(request, f"The step {name} is {done}.")
    except WrongDefinition as problem:
        messages.error(request, f"{name} was not {done}. {_sentence(problem, steps)}")
    return redirect("workflows:detail", pk)


_WAYS = {"up": -1, "down": 1}


@needs(Power.MANAGE_CONNECTORS)
def new_input(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    workflow = workflow_at(request, pk)
    return _input(request, workflow, len(workflow.inputs), {})


@needs(Power.MANAGE_CONNECTORS)
def change_input(request: OrganizationRequest, pk: UUID, position: int) -> HttpResponse:
    workflow = workflow_at(request, pk)
    return _input(request, workflow, position, _at(workflow.inputs, position))


def _input(request: OrganizationRequest, workflow: Workflow, position: int, one: Json) -> HttpResponse:
    form = InputForm(request.POST or None, initial=one or {"required": True})

    def changed() -> list[Json]:
        return _with(workflow.inputs, position, dict(form.cleaned_data))

    if form.is_bound and form.is_valid() and _save(request, workflow, form, position, inputs=changed):
        messages.success(request, f"The input {form.cleaned_data['label']} is saved.")
        return redirect("workflows:detail", workflow.pk)
    return show(request, InputPage(workflow=workflow, form=form, is_new=not one), status=status_of(form))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def remove_input(request: OrganizationRequest, pk: UUID, position: int) -> HttpResponse:
    workflow = workflow_at(request, pk)
    inputs = list(workflow.inputs)
    _at(inputs, position)
    gone = inputs.pop(position)
    try:
        change_workflow(workflow, replace(definition_of(workflow), inputs=inputs), actor=request.actor)
    except WrongDefinition as problem:
        messages.error(request, f"{gone['label']} was not removed. {_sentence(problem, workflow.steps)}")
    return redirect("workflows:detail", pk)


def _save(
    request: OrganizationRequest,
    workflow: Workflow,
    form: forms.Form,
    position: int,
    *,
    steps: Callable[[], list[Json]] | None = None,
    inputs: Callable[[], list[Json]] | None = None,
) -> bool:
    """What is wrong with this part stands beside its fields; what would be wrong with another part, above them."""
    said = definition_of(workflow)
    said = replace(said, steps=steps()) if steps else said
    said = replace(said, inputs=inputs()) if inputs else said
    try:
        change_workflow(workflow, said, actor=request.actor)
    except WrongDefinition as problem:
        _add(form, problem, problem.steps if steps else problem.inputs, position, said.steps)
        return False
    return True


def _add(
    form: forms.Form, problem: WrongDefinition, faults: Sequence[Fault], position: int, steps: Sequence[Json]
) -> None:
    here = [fault for fault in faults if fault.position == position]
    for fault in here:
        form.add_error(fault.field if fault.field in form.fields else None, fault.message)
    if not here:
        form.add_error(None, _sentence(problem, steps))


def _sentence(problem: WrongDefinition, steps: Sequence[Json]) -> str:
    """With the step that it would spoil."""
    fault = next(iter(problem.steps), None)
    if fault is None or fault.position >= len(steps):
        return problem.message
    return f"The step {steps[fault.position]['name']}: {fault.message}"


def _at(parts: list[Json], position: int) -> Json:
    if position >= len(parts):
        raise Http404("It is not there any more.")
    return parts[position]


def _with(parts: list[Json], position: int, part: Json) -> list[Json]:
    return [*parts[:position], part, *parts[position + 1 :]]
