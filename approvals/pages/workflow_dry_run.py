"""A dry run of a workflow: what each step would send, and what the gate would say. Nothing leaves."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse

from approvals.models import Workflow
from approvals.pages.workflow_forms import SampleForm
from approvals.pages.workflows import workflow_at
from approvals.runs.rehearse import Rehearsed, rehearse
from approvals.runs.steps.base import StepProblem
from harriet.pages.context import PageContext, show
from harriet.pages.forms import status_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class DryRunPage(PageContext):
    template = "workflows/dry_run.html"
    active = "workflows"
    workflow: Workflow
    form: SampleForm
    found: list[Rehearsed]


@needs(Power.MANAGE_CONNECTORS)
def dry_run(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    workflow = workflow_at(request, pk)
    form = SampleForm(workflow, request.POST if request.method == "POST" else None)
    found: list[Rehearsed] = []
    if form.is_bound and form.is_valid():
        try:
            found = rehearse(workflow, form.cleaned_data["person"] or request.membership, form.inputs(), form.answers())
        except StepProblem as problem:
            name = f"input_{problem.field}"
            form.add_error(name if name in form.fields else None, problem.message)
    return show(request, DryRunPage(workflow=workflow, form=form, found=found), status=status_of(form))
