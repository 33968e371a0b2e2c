"""The pages on which workflows are made and changed: the list, a new one, and the editor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from approvals.actions.save_workflow import (
    Definition,
    change_workflow,
    create_workflow,
    definition_of,
    delete_workflow,
    switch_workflow,
)
from approvals.errors import ApprovalError
from approvals.models import Workflow
from approvals.pages.workflow_forms import WorkflowForm
from approvals.runs.queries import workflows_of
from approvals.runs.steps.base import StepKind
from approvals.runs.steps.kinds import KINDS
from harriet.pages.context import PageContext, show
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.roles import Power

WORKFLOWS = Table(
    key="workflows",
    columns=(
        Column("name", "Workflow", sort="name"),
        Column("state", "State", sort="state"),
        Column("steps", "Steps", is_optional=True),
        Column("profile", "Profile", sort="profile__name", is_optional=True),
        Column("changed", "Changed", sort="changed_at", is_optional=True),
    ),
    order="name",
)
_FILTERS = (
    Filter("", "All", Q()),
    Filter("active", "Active", Q(state=Workflow.State.ACTIVE)),
    Filter("draft", "Drafts", Q(state=Workflow.State.DRAFT)),
    Filter("off", "Switched off", Q(state=Workflow.State.OFF)),
)
_SWITCHED = {
    Workflow.State.ACTIVE: "{} is on. Whoever has its profile may start runs.",
    Workflow.State.OFF: "{} is off. Nobody starts new runs; those under way go on.",
}


@dataclass(frozen=True, slots=True)
class WorkflowsPage(PageContext):
    template = "workflows/list.html"
    active = "workflows"
    table: Listed[Workflow]
    text: str
    show: str
    is_empty: bool


@dataclass(frozen=True, slots=True)
class NewWorkflowPage(PageContext):
    template = "workflows/new.html"
    active = "workflows"
    form: WorkflowForm


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step in the editor."""

    position: int
    name: str
    words: str
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class WorkflowPage(PageContext):
    template = "workflows/detail.html"
    active = "workflows"
    workflow: Workflow
    form: WorkflowForm
    delete_form: ConfirmForm
    steps: list[StepLine]
    kinds: Mapping[str, StepKind]


@needs(Power.MANAGE_CONNECTORS)
def workflow_list(request: OrganizationRequest) -> HttpResponse:
    text, chips = request.GET.get("q", "").strip(), Chips(_FILTERS, request.GET)
    everything = workflows_of(request.organization)
    found = everything.filter(name__icontains=text) if text else everything
    table = listed_for(request, WORKFLOWS, chips.narrowed(found), chips=chips.shown(found))
    is_empty = not table.rows and not everything.exists()
    return show(request, WorkflowsPage(table=table, text=text, show=chips.chosen.key, is_empty=is_empty))


@needs(Power.MANAGE_CONNECTORS)
def new_workflow(request: OrganizationRequest) -> HttpResponse:
    form = WorkflowForm(request.organization, request.POST or None)

    def create(said: dict[str, Any]) -> Workflow:
        definition = Definition(said["name"], said["profile"], [], [], said["description"])
        return create_workflow(request.organization, definition, actor=request.actor)

    made = attempt(form, create)
    if made is None:
        return show(request, NewWorkflowPage(form=form), status=status_of(form))
    messages.success(request, f"{made.name} is made. Add its inputs and steps.")
    return redirect("workflows:detail", made.pk)


@needs(Power.MANAGE_CONNECTORS)
def workflow_detail(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    workflow = workflow_at(request, pk)
    form = WorkflowForm(request.organization, request.POST or None, initial=WorkflowForm.initial_of(workflow))

    def change(said: dict[str, Any]) -> bool:
        before = definition_of(workflow)
        now = replace(before, name=said["name"], profile=said["profile"], description=said["description"])
        change_workflow(workflow, now, actor=request.actor)
        return True

    if attempt(form, change) is None:
        return _show(request, workflow, form, ConfirmForm(workflow.name))
    messages.success(request, "Saved.")
    return redirect("workflows:detail", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def switch(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    workflow, state = workflow_at(request, pk), request.POST.get("state", "")
    if state not in _SWITCHED:
        raise Http404
    try:
        switch_workflow(workflow, state, actor=request.actor)
    except ApprovalError as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _SWITCHED[Workflow.State(state)].format(workflow.name))
    return redirect("workflows:detail", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def delete(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    workflow = workflow_at(request, pk)
    form = ConfirmForm(workflow.name, request.POST)
    if not form.is_valid():
        profile = WorkflowForm(request.organization, initial=WorkflowForm.initial_of(workflow))
        return _show(request, workflow, profile, form)
    delete_workflow(workflow, actor=request.actor)
    messages.success(request, f"{workflow.name} is deleted. Runs under way go on.")
    return redirect("workflows:list")


def workflow_at(request: OrganizationRequest, pk: UUID) -> Workflow:
    workflow = workflows_of(request.organization).select_related("organization").filter(pk=pk).first()
    if workflow is None:
        raise Http404("There is no such workflow here.")
    return workflow


def lines_of(workflow: Workflow) -> list[StepLine]:
    last = len(workflow.steps) - 1
    return [
        StepLine(at, step["name"], KINDS[step["kind"]].words(step), at == 0, at == last)
        for at, step in enumerate(workflow.steps)
    ]


def _show(request: OrganizationRequest, workflow: Workflow, form: WorkflowForm, delete: ConfirmForm) -> HttpResponse:
    page = WorkflowPage(
        workflow=workflow,
        form=form,
        delete_form=delete,
        steps=lines_of(workflow),
        kinds=KINDS,
    )
    return show(request, page, status=status_of(form, delete))
