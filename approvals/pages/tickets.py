"""The page on which one held call is decided."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from approvals.actions.approve_action import approve_action
from approvals.actions.reject_action import reject_action
from approvals.actions.withdraw_action import withdraw_action
from approvals.deciders import needs_fresh_sign_in, refusal, why_nobody
from approvals.errors import ApprovalError
from approvals.models import Decision, PendingAction, Ticket
from approvals.pages.came_back import CameBack, came_back
from approvals.pages.card import Card, card_of
from approvals.pages.forms import ApproveForm, RejectForm
from approvals.pages.history import SamePerson, of_same_person, of_tool
from approvals.pages.next_ticket import Next, next_of
from approvals.pages.reports import report_page
from approvals.pages.requests import request_page, withdraw_asked
from approvals.pages.runs import run_page
from approvals.pages.seen import is_as_seen, nothing_new
from approvals.queries import reports_for, requests_for, tickets_for
from approvals.runs.queries import runs_for
from audit.models import Event
from harriet.pages.context import PageContext, show
from harriet.pages.forms import status_of
from harriet.people.models import Membership
from harriet.people.pages.fresh_sign_in import sign_in_again, signed_in_lately, typed_before
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.permissions import has_power
from harriet.people.roles import Power

APPROVED = "Approved. The call runs now, once, with exactly these arguments."
APPROVED_FIRST = "Approved. A second person has to approve it as well before it runs."
NO_TICKET = "There is no such ticket, or it is not yours to see."


@dataclass(frozen=True, slots=True)
class TicketPage(PageContext):
    template = "tickets/detail.html"
    active = "tickets"
    membership: Membership
    ticket: Ticket
    action: PendingAction
    card: Card
    decisions: list[Decision]
    is_waiting: bool
    why_not: str
    """Why this person may not decide; empty when they may, or when there is nothing to decide."""
    nobody: str
    """That nobody can; empty when somebody can."""
    approve_form: ApproveForm
    reject_form: RejectForm
    seen: str
    """What the ticket stood at."""
    came_back: CameBack | None

    can_audit: bool
    may_withdraw: bool
    """It is the person's own call, and nobody has decided on it."""

    @property
    def caller(self) -> str:
        """By name where it is a person's."""
        return str(self.action.user or self.action.caller_label)

    @property
    def has_expired(self) -> bool:
        """Its time is over, though nothing has noted that yet: nobody can decide any more."""
        return self.action.state == PendingAction.State.WAITING and not self.is_waiting

    @property
    def may_decide(self) -> bool:
        return self.is_waiting and not self.why_not

    @property
    def is_moving(self) -> bool:
        """Somebody may change it at any moment."""
        moving = (PendingAction.State.WAITING, PendingAction.State.APPROVED, PendingAction.State.EXECUTING)
        return self.action.state in moving

    @property
    def next(self) -> Next:
        return next_of(self.membership, self.ticket.number)

    @property
    def history(self) -> list[Event]:
        return of_tool(self.action)

    @property
    def same_person(self) -> SamePerson:
        return of_same_person(self.action)


@require_safe
@in_organization
def ticket_detail(request: OrganizationRequest, number: int) -> HttpResponse:
    """Of a held call, of a request for access, of a workflow's run, or of a report."""
    ticket = held_call(request, number)
    if ticket is not None:
        if is_as_seen(request, _standing(ticket)):
            return nothing_new()
        return _show(request, ticket, approve=ApproveForm(initial=typed_before(request)))
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


@require_POST
@in_organization
def withdraw(request: OrganizationRequest, number: int) -> HttpResponse:
    """One's own call, or one's own request for access."""
    asked = requests_for(request.membership).filter(ticket__number=number).first()
    if asked is not None:
        return withdraw_asked(request, asked)
    ticket = ticket_or_404(request, number)
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
    ticket, form = ticket_or_404(request, number), ApproveForm(request.POST)
    if not form.is_valid():
        return _show(request, ticket, approve=form)
    if needs_fresh_sign_in(ticket.action) and not signed_in_lately(request):
        return sign_in_again(request, reverse("tickets:detail", args=[number]))
    given = form.cleaned_data
    try:
        runs = approve_action(ticket.action, reason=given["reason"], edition=given["edition"], actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, APPROVED if runs else APPROVED_FIRST)
    return redirect("tickets:detail", number)


@require_POST
@in_organization
def reject(request: OrganizationRequest, number: int) -> HttpResponse:
    ticket, form = ticket_or_404(request, number), RejectForm(request.POST)
    if not form.is_valid():
        return _show(request, ticket, reject=form)
    try:
        reject_action(ticket.action, reason=form.cleaned_data["reason"], actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Rejected. The client gets your reason.")
    return redirect("tickets:detail", number)


def ticket_or_404(request: OrganizationRequest, number: int) -> Ticket:
    ticket = held_call(request, number)
    if ticket is None:
        raise Http404(NO_TICKET)
    return ticket


def held_call(request: OrganizationRequest, number: int) -> Ticket | None:
    tickets = tickets_for(request.membership).filter(number=number)
    return tickets.select_related("action__token__created_by", "action__token__agent").first()


def _standing(ticket: Ticket) -> str:
    """Changes with whatever somebody does with it, and when its time is over."""
    action = ticket.action
    said = f"{action.edition} {len(action.decisions.all())} {len(ticket.comments.all())} {ticket.claimed_at}"
    return f"{action.state} {is_waiting(action)} {said}"


def is_waiting(action: PendingAction) -> bool:
    return action.state == PendingAction.State.WAITING and action.expires_at > timezone.now()


def _show(
    request: OrganizationRequest,
    ticket: Ticket,
    *,
    approve: ApproveForm | None = None,
    reject: RejectForm | None = None,
) -> HttpResponse:
    action, waits = ticket.action, is_waiting(ticket.action)
    why_not = refusal(action, request.membership) if waits else ""
    page = TicketPage(
        membership=request.membership,
        ticket=ticket,
        action=action,
        card=card_of(action),
        decisions=list(action.decisions.all()),
        is_waiting=waits,
        why_not=why_not,
        nobody=why_nobody(action) if why_not else "",
        approve_form=approve or ApproveForm(),
        reject_form=reject or RejectForm(),
        seen=_standing(ticket),
        came_back=came_back(action, request.user.pk),
        can_audit=has_power(request.membership, Power.VIEW_AUDIT),
        may_withdraw=waits and action.user_id == request.user.pk,
    )
    return show(request, page, status=status_of(page.approve_form, page.reject_form))
