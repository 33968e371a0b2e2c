"""Tickets: the list, and the page on which one held call is decided."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from approvals.actions.approve_action import approve_action
from approvals.actions.reject_action import reject_action
from approvals.actions.withdraw_action import withdraw_action
from approvals.deciders import NOBODY, approvers_of, refusal
from approvals.errors import ApprovalError
from approvals.models import AccessRequest, Decision, PendingAction, Ticket
from approvals.pages.card import Card, card_of
from approvals.pages.forms import ApproveForm, RejectForm
from approvals.pages.requests import request_page
from approvals.queries import requests_for, requests_to_answer, tickets_for, waiting_for
from harriet.pages.context import PageContext, show
from harriet.pages.forms import status_of
from harriet.pages.links import Link
from harriet.people.pages.guards import OrganizationRequest, in_organization

_PAGE = 50
"""Tickets on one page."""
_NEWEST = 5000
"""How many tickets the list goes back. Counting all of a large company's takes longer than any page."""
MOST_REQUESTS = 50
"""For access, above the calls: the oldest first."""
_FILTERS = {"open": "Open", "waiting": "Waiting for me", "all": "All"}


@dataclass(frozen=True, slots=True)
class TicketsPage(PageContext):
    template = "tickets/list.html"
    active = "tickets"
    page: Page[Ticket]
    show: str
    """Which tickets: a key of the filters."""
    requests: list[AccessRequest]
    """For access, that wait for this person's answer."""

    @property
    def filters(self) -> list[Link]:
        return [Link(f"?show={key}", label, key == self.show) for key, label in _FILTERS.items()]

    @property
    def is_cut(self) -> bool:
        """The list ends here, though there are older ones."""
        return self.page.paginator.count == _NEWEST and not self.page.has_next()


@require_safe
@in_organization
def ticket_list(request: OrganizationRequest) -> HttpResponse:
    chosen = request.GET.get("show", "open")
    tickets = tickets_for(request.membership)
    if chosen == "waiting":
        tickets = waiting_for(request.membership)
    elif chosen != "all":
        chosen, tickets = "open", tickets.filter(is_open=True)
    requests = list(requests_to_answer(request.membership)[:MOST_REQUESTS]) if chosen != "all" else []
    page = Paginator(tickets[:_NEWEST], _PAGE).get_page(request.GET.get("page"))
    return show(request, TicketsPage(page=page, show=chosen, requests=requests))


@dataclass(frozen=True, slots=True)
class TicketPage(PageContext):
    template = "tickets/detail.html"
    active = "tickets"
    ticket: Ticket
    action: PendingAction
    card: Card
    decision: Decision | None
    is_waiting: bool
    why_not: str
    """Why this person may not decide; empty when they may, or when there is nothing to decide."""
    nobody: str
    """That nobody can; empty when somebody can."""
    approve_form: ApproveForm
    reject_form: RejectForm

    may_withdraw: bool
    """It is the person's own call, and nobody has decided on it."""

    @property
    def may_decide(self) -> bool:
        return self.is_waiting and not self.why_not


@require_safe
@in_organization
def ticket_detail(request: OrganizationRequest, number: int) -> HttpResponse:
    """Of a held call, or of a request for access."""
    asked = requests_for(request.membership).filter(ticket__number=number).first()
    if asked is not None:
        return request_page(request, asked)
    return _show(request, _ticket(request, number), ApproveForm(), RejectForm())


@require_POST
@in_organization
def withdraw(request: OrganizationRequest, number: int) -> HttpResponse:
    """One's own call."""
    ticket = _ticket(request, number)
    try:
        withdraw_action(ticket.action, actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Withdrawn. The call has not run, and your client is told so.")
    return redirect("tickets:detail", number)


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
    page = TicketPage(
        ticket=ticket,
        action=action,
        card=card_of(action),
        decision=getattr(action, "decision", None),
        is_waiting=is_waiting,
        why_not=why_not,
        nobody=NOBODY if why_not and not approvers_of(action).exists() else "",
        approve_form=approve,
        reject_form=reject,
        may_withdraw=is_waiting and action.user_id == request.user.pk,
    )
    return show(request, page, status=status_of(approve, reject))
