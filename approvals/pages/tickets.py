"""Tickets: the list, and the page on which one held call is decided."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from approvals.actions.approve_action import approve_action
from approvals.actions.reject_action import reject_action
from approvals.deciders import NOBODY, approvers_of, refusal
from approvals.errors import ApprovalError
from approvals.models import PendingAction, Ticket
from approvals.pages.card import card_of
from approvals.pages.forms import ApproveForm, RejectForm
from approvals.queries import tickets_for, waiting_for
from harriet.people.pages.guards import OrganizationRequest, in_organization

_PAGE = 50
_NEWEST = 5000
"""How many tickets the list goes back. Counting all of a large company's takes longer than any page."""


@require_safe
@in_organization
def ticket_list(request: OrganizationRequest) -> HttpResponse:
    show = request.GET.get("show", "open")
    tickets = tickets_for(request.membership)
    if show == "waiting":
        tickets = waiting_for(request.membership)
    elif show != "all":
        show, tickets = "open", tickets.filter(is_open=True)
    page = Paginator(tickets[:_NEWEST], _PAGE).get_page(request.GET.get("page"))
    filters = [("open", "Open"), ("waiting", "Waiting for me"), ("all", "All")]
    is_cut = page.paginator.count == _NEWEST and not page.has_next()
    context = {"page": page, "is_cut": is_cut, "show": show, "filters": filters, "active": "tickets"}
    return render(request, "tickets/list.html", context)


@require_safe
@in_organization
def ticket_detail(request: OrganizationRequest, number: int) -> HttpResponse:
    return _show(request, _ticket(request, number), ApproveForm(), RejectForm())


@require_POST
@in_organization
def approve(request: OrganizationRequest, number: int) -> HttpResponse:
    ticket, form = _ticket(request, number), ApproveForm(request.POST)
    if not form.is_valid():
        return _show(request, ticket, form, RejectForm())
    try:
        approve_action(ticket.action, reason=form.cleaned_data["reason"], actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Approved. The call runs now, once, with exactly these arguments.")
    return redirect("tickets:detail", number)


@require_POST
@in_organization
def reject(request: OrganizationRequest, number: int) -> HttpResponse:
    ticket, form = _ticket(request, number), RejectForm(request.POST)
    if not form.is_valid():
        return _show(request, ticket, ApproveForm(), form)
    try:
        reject_action(ticket.action, reason=form.cleaned_data["reason"], actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Rejected. The client gets your reason.")
    return redirect("tickets:detail", number)


def _ticket(request: OrganizationRequest, number: int) -> Ticket:
    ticket = tickets_for(request.membership).filter(number=number).first()
    if ticket is None:
        raise Http404("There is no such ticket, or it is not yours to see.")
    return ticket


def _show(request: OrganizationRequest, ticket: Ticket, approve: ApproveForm, reject: RejectForm) -> HttpResponse:
    action = ticket.action
    is_waiting = action.state == PendingAction.State.WAITING
    why_not = refusal(action, request.membership) if is_waiting else ""
    context = {
        "ticket": ticket,
        "action": action,
        "card": card_of(action),
        "decision": getattr(action, "decision", None),
        "is_waiting": is_waiting,
        "may_decide": is_waiting and not why_not,
        "why_not": why_not,
        "nobody": NOBODY if why_not and not approvers_of(action).exists() else "",
        "approve_form": approve,
        "reject_form": reject,
        "active": "tickets",
    }
    return render(request, "tickets/detail.html", context, status=400 if approve.errors or reject.errors else 200)
