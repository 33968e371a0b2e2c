"""Reporting something odd about a call, and the ticket on which the admins answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from approvals.actions.answer_report import answer_report
from approvals.actions.report_behaviour import About, may_report, report_behaviour
from approvals.actions.see_ticket import NO_TICKET
from approvals.answerers import may_answer
from approvals.models import Report
from approvals.pages.forms import AnswerReportForm, ReportForm
from approvals.queries import reports_for, tickets_for
from audit.queries import event_of
from connectors.models import Connector
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.permissions import has_power
from harriet.people.roles import Power

NO_CALL = "There is no such call, or it is not yours to see."


@dataclass(frozen=True, slots=True)
class NewReportPage(PageContext):
    template = "tickets/report_form.html"
    active = "tickets"
    what: str
    """The call, in a few words."""
    form: ReportForm


@dataclass(frozen=True, slots=True)
class ReportPage(PageContext):
    template = "tickets/report.html"
    active = "tickets"
    report: Report
    is_mine: bool
    may_answer: bool
    may_audit: bool
    about: int
    """The ticket of the call, if this person sees it; else 0."""
    form: AnswerReportForm


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def new_report_page(request: OrganizationRequest) -> HttpResponse:
    """Of the call on a ticket (`ticket`), or of one in the log (`event`)."""
    about = _about(request)
    here = Connector.objects.filter(organization=request.organization)
    connector = here.filter(pk=about.connector_id).first() if about.connector_id else None
    is_active = connector is not None and connector.state == Connector.State.ACTIVE
    can_pause = is_active and has_power(request.membership, Power.MANAGE_CONNECTORS)
    form = ReportForm(str(connector) if can_pause else "", request.POST or None)
    report = attempt(form, lambda given: report_behaviour(request.membership, about, **given, actor=request.actor))
    if report is None:
        page = NewReportPage(what=_in_words(about, connector), form=form)
        return show(request, page, status=status_of(form))
    messages.success(request, "Reported. Those who look after it are told, and you hear what came of it.")
    return redirect("tickets:detail", report.ticket.number)


def _in_words(about: About, connector: Connector | None) -> str:
    return " at ".join(name for name in (about.tool_label, str(connector or "")) if name)


def _about(request: OrganizationRequest) -> About:
    """Raises Http404 for what is not this person's to see."""
    number, event = request.GET.get("ticket", ""), request.GET.get("event", "")
    about = About()
    if number.isascii() and number.isdecimal() and len(number) < 9:
        tickets = tickets_for(request.membership).select_related("organization")
        about = About(ticket=tickets.filter(number=int(number)).first())
    elif event:
        about = About(event=event_of(request.organization.pk, _uuid(event)))
    if not may_report(request.membership, about):
        raise Http404(NO_CALL)
    return about


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404(NO_CALL) from None


def report_page(request: OrganizationRequest, report: Report, form: AnswerReportForm | None = None) -> HttpResponse:
    """For the page of a ticket."""
    form = form or AnswerReportForm()
    sees_call = report.about is not None and tickets_for(request.membership).filter(pk=report.about.pk).exists()
    page = ReportPage(
        report=report,
        is_mine=report.reporter_id == request.user.pk,
        may_answer=report.state == Report.State.OPEN and may_answer(report, request.membership),
        may_audit=report.event_id is not None and has_power(request.membership, Power.VIEW_AUDIT),
        about=report.about.number if report.about is not None and sees_call else 0,
        form=form,
    )
    return show(request, page, status=status_of(form))


@require_POST
@in_organization
def answer(request: OrganizationRequest, number: int) -> HttpResponse:
    report = reports_for(request.membership).filter(ticket__number=number).first()
    if report is None:
        raise Http404(NO_TICKET)
    form = AnswerReportForm(request.POST)

    def answered(given: dict[str, Any]) -> bool:
        answer_report(report, given["answer"], actor=request.actor)
        return True

    if attempt(form, answered) is None:
        return report_page(request, report, form)
    messages.success(request, f"Answered. {report.reporter} is told.")
    return redirect("tickets:detail", number)
