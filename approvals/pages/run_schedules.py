"""Runs that start by themselves: a person's own schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from approvals.actions.schedule_runs import schedule_runs, unschedule_runs
from approvals.models import RunSchedule, Workflow
from approvals.pages.workflow_forms import ScheduleForm
from approvals.runs.queries import schedules_for, workflows_for
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.pages.guards import OrganizationRequest, in_organization


@dataclass(frozen=True, slots=True)
class SchedulePage(PageContext):
    template = "workflows/schedule.html"
    active = "runs"
    workflow: Workflow
    form: ScheduleForm


@in_organization
def new_schedule(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    workflow = workflows_for(request.membership).filter(pk=pk).first()
    if workflow is None:
        raise Http404("There is no such workflow, or you may not start it.")
    form = ScheduleForm(workflow.inputs, request.POST if request.method == "POST" else None)

    def plan(said: dict[str, Any]) -> RunSchedule:
        return schedule_runs(
            workflow, request.membership, said["cron"], said["time_zone"], form.inputs(), actor=request.actor
        )

    made = attempt(form, plan)
    if made is None:
        return show(request, SchedulePage(workflow=workflow, form=form), status=status_of(form))
    messages.success(request, f"{workflow.name} runs by itself from now on, as you.")
    return redirect("workflows:runs")


@require_POST
@in_organization
def end_schedule(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    schedule = schedules_for(request.membership).filter(pk=pk).first()
    if schedule is None:
        raise Http404("There is no such schedule, or it is not yours.")
    unschedule_runs(schedule, actor=request.actor)
    messages.success(request, f"{schedule.workflow.name} does not run by itself any more.")
    return redirect("workflows:runs")
