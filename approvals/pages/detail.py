"""The page of a ticket, whatever it is about: a held call, a request for access, a workflow's run, a report."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from approvals.actions.see_ticket import NO_TICKET
from approvals.pages.reports import report_page
from approvals.pages.requests import request_page
from approvals.pages.runs import run_page
from approvals.pages.seen import is_as_seen, nothing_new
from approvals.pages.tickets import held_call, show_ticket, standing_of
from approvals.queries import reports_for, requests_for, runs_for
from harriet.people.pages.guards import OrganizationRequest, in_organization


@require_safe
@in_organization
def ticket_detail(request: OrganizationRequest, number: int) -> HttpResponse:
    ticket = held_call(request, number)
    if ticket is not None:
        seen = standing_of(ticket)
        return nothing_new() if is_as_seen(request, seen) else show_ticket(request, ticket, seen=seen)
    asked = requests_for(request.membership).filter(ticket__number=number).first()
    if asked is not None:
        return request_page(request, asked)
    run = runs_for(request.membership).filter(ticket__number=number).first()
    if run is not None:
        return run_page(request, run)
    report = reports_for(request.membership).filter(ticket__number=number).first()
    if report is not None:
        return report_page(request, report)
    raise Http404(NO_TICKET)
