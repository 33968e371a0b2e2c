"""Runs of workflows: starting one, the run on its ticket, step by step, and the lists of runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from approvals.actions.cancel_run import cancel_run
from approvals.actions.reply_to_run import reply_to_run
from approvals.actions.retry_step import retry_step
from approvals.actions.settle_step import settle_step
from approvals.actions.start_run import start_run
from approvals.frozen import RESTS, stop_before
from approvals.models import RunSchedule, RunStep, Workflow, WorkflowRun
from approvals.pages.workflow_forms import ReplyToRunForm, RetryForm, StartRunForm
from approvals.queries import runs_for
from approvals.runs.leases import OPEN, STOPPED
from approvals.runs.queries import schedules_for, workflows_for
from approvals.runs.sealed import SealedParts
from approvals.runs.steps.kinds import KINDS
from harriet.lib.errors import Problem
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.stop_rules import StandingStop, what_words

RUNS = Table(
    key="workflow-runs",
    columns=(
        Column("ticket", "Ticket", sort="ticket__number"),
        Column("workflow", "Workflow", sort="name"),
        Column("state", "State", sort="state"),
        Column("step", "At step", is_optional=True),
        Column("by", "As", sort="caller_label", is_optional=True),
        Column("started", "Started", sort="created_at", is_optional=True),
    ),
    order="-ticket",
)
_FILTERS = (
    Filter("open", "Under way", Q(state__in=OPEN + STOPPED)),
    Filter("stopped", "Stopped", Q(state__in=STOPPED)),
    Filter("all", "All", Q()),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a step, with what it sent and got for whoever may see that."""

    step: RunStep
    arguments: object
    """JSON; None when it sends none, or they are not this person's to see."""
    answer: object
    ticket: int | None
    """Of the call that had to be approved."""


@dataclass(frozen=True, slots=True)
class Line:
    """A step of the run, whether or not it was reached."""

    name: str
    words: str
    attempts: list[Attempt]
    is_current: bool


@dataclass(frozen=True, slots=True)
class RunPage(PageContext):
    template = "workflows/run.html"
    active = "runs"
    run: WorkflowRun
    inputs: dict[str, Any]
    lines: list[Line]
    current: RunStep | None
    is_mine: bool
    may_cancel: bool
    can_audit: bool
    stop: StandingStop | None
    """The emergency stop that keeps it from its next call."""
    may_start: bool
    """Another run of the same workflow."""
    reply_form: ReplyToRunForm
    retry_form: RetryForm

    @property
    def asks(self) -> bool:
        return self.run.state == WorkflowRun.State.WAITING and self.current is not None and self.current.kind == "reply"

    @property
    def rests(self) -> str:
        return RESTS.format(what_words(self.stop.kind, self.stop.label)) if self.stop else ""

    @property
    def has_failed(self) -> bool:
        return self.run.state == WorkflowRun.State.FAILED

    @property
    def is_unknown(self) -> bool:
        return self.run.state == WorkflowRun.State.UNKNOWN

    @property
    def is_open(self) -> bool:
        return self.run.state in OPEN


@dataclass(frozen=True, slots=True)
class RunsPage(PageContext):
    template = "workflows/runs.html"
    active = "runs"
    table: Listed[WorkflowRun]
    show: str
    workflows: list[Workflow]
    """Those that the person may start."""
    schedules: list[RunSchedule]


@dataclass(frozen=True, slots=True)
class StartPage(PageContext):
    template = "workflows/start.html"
    active = "runs"
    workflow: Workflow
    form: StartRunForm


MOST_OFFERED = 100


@require_safe
@in_organization
def run_list(request: OrganizationRequest) -> HttpResponse:
    chips = Chips(_FILTERS, request.GET)
    found = runs_for(request.membership)
    table = listed_for(request, RUNS, chips.narrowed(found), chips=chips.shown(found))
    workflows = list(workflows_for(request.membership)[:MOST_OFFERED])
    schedules = list(schedules_for(request.membership)[:MOST_OFFERED])
    return show(request, RunsPage(table=table, show=chips.chosen.key, workflows=workflows, schedules=schedules))


@in_organization
def start(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    workflow = workflows_for(request.membership).filter(pk=pk).first()
    if workflow is None:
        raise Http404("There is no such workflow, or you may not start it.")
    form = StartRunForm(workflow.inputs, request.POST if request.method == "POST" else None)

    def begin(said: dict[str, Any]) -> WorkflowRun:
        return start_run(
            workflow,
            request.membership,
            form.inputs(),
            origin=WorkflowRun.Origin.PAGE,
            trust=said["trust"],
            actor=request.actor,
        )

    run = attempt(form, begin)
    if run is None:
        return show(request, StartPage(workflow=workflow, form=form), status=status_of(form))
    messages.success(request, f"{workflow.name} runs. You can leave this page: it goes on by itself.")
    return redirect("tickets:detail", run.ticket.number)


def run_page(request: OrganizationRequest, run: WorkflowRun) -> HttpResponse:
    """For the page of a ticket."""
    return _show(request, run, ReplyToRunForm(), RetryForm())


@require_POST
@in_organization
def reply(request: OrganizationRequest, number: int) -> HttpResponse:
    run, form = _run(request, number), ReplyToRunForm(request.POST)

    def say(said: dict[str, Any]) -> bool:
        reply_to_run(run, said["reply"], step_id=said["step"], actor=request.actor)
        return True

    if attempt(form, say) is None:
        return _show(request, run, form, RetryForm())
    messages.success(request, "Replied. The run goes on.")
    return redirect("tickets:detail", number)


@require_POST
@in_organization
def retry(request: OrganizationRequest, number: int) -> HttpResponse:
    run, form = _run(request, number), RetryForm(request.POST)

    def again(said: dict[str, Any]) -> bool:
        retry_step(run, has_not_run=said["has_not_run"], actor=request.actor)
        return True

    if attempt(form, again) is None:
        return _show(request, run, ReplyToRunForm(), form)
    messages.success(request, "The step is tried again.")
    return redirect("tickets:detail", number)


@require_POST
@in_organization
def settle(request: OrganizationRequest, number: int) -> HttpResponse:
    return _do(request, number, lambda run: settle_step(run, actor=request.actor), "Noted. The run goes on after it.")


@require_POST
@in_organization
def cancel(request: OrganizationRequest, number: int) -> HttpResponse:
    return _do(
        request, number, lambda run: cancel_run(run, actor=request.actor), "Cancelled. No further step is begun."
    )


def _do(request: OrganizationRequest, number: int, act: Callable[[WorkflowRun], None], done: str) -> HttpResponse:
    try:
        act(_run(request, number))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, done)
    return redirect("tickets:detail", number)


def _run(request: OrganizationRequest, number: int) -> WorkflowRun:
    run = runs_for(request.membership).filter(ticket__number=number).first()
    if run is None:
        raise Http404("There is no such run, or it is not yours to see.")
    return run


def _show(request: OrganizationRequest, run: WorkflowRun, reply: ReplyToRunForm, retry: RetryForm) -> HttpResponse:
    is_mine = run.user_id == request.user.pk
    parts = SealedParts.of(run) if is_mine else None
    steps = RunStep.objects.filter(run=run).select_related("tool", "pending_action__ticket")
    found = list(steps.order_by("position", "attempt"))
    page = RunPage(
        run=run,
        inputs=parts.inputs_of(run) if parts else {},
        lines=_lines(run, found, parts),
        current=next((step for step in reversed(found) if step.position == run.cursor), None),
        is_mine=is_mine,
        may_cancel=run.state in OPEN + STOPPED and (is_mine or has_power(request.membership, Power.MANAGE_CONNECTORS)),
        can_audit=has_power(request.membership, Power.VIEW_AUDIT),
        stop=stop_before(run) if run.state in OPEN else None,
        may_start=workflows_for(request.membership).filter(runs=run).exists(),
        reply_form=reply,
        retry_form=retry,
    )
    return show(request, page, status=status_of(reply, retry))


def _lines(run: WorkflowRun, found: list[RunStep], parts: SealedParts | None) -> list[Line]:
    return [
        Line(
            name=step["name"],
            words=KINDS[step["kind"]].words(step),
            attempts=[_attempt(one, parts) for one in found if one.position == at],
            is_current=at == run.cursor and run.state in OPEN + STOPPED,
        )
        for at, step in enumerate(run.steps)
    ]


def _attempt(step: RunStep, parts: SealedParts | None) -> Attempt:
    action = getattr(step, "pending_action", None)
    return Attempt(
        step=step,
        arguments=parts.json_arguments_of(step) if parts else None,
        answer=parts.result_of(step) if parts else None,
        ticket=action.ticket.number if action else None,
    )
