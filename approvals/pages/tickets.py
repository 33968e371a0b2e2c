"""The page on which one held call is decided."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.actions.approve_action import approve_action
from approvals.actions.reject_action import reject_action
from approvals.actions.see_ticket import NO_TICKET
from approvals.actions.withdraw_action import withdraw_action
from approvals.deciders import Ways, needs_fresh_sign_in, ways_of, why_nobody
from approvals.errors import ApprovalError
from approvals.models import ActionEdit, Decision, PendingAction, Ticket, TicketComment
from approvals.pages.came_back import CameBack, came_back
from approvals.pages.card import Card, card_of
from approvals.pages.forms import ApproveForm, CommentForm, RejectForm
from approvals.pages.history import SamePerson, of_same_person, of_tool
from approvals.pages.next_ticket import Next, next_of
from approvals.pages.requests import withdraw_asked
from approvals.queries import requests_for, tickets_for
from audit.models import Event
from harriet.pages.context import PageContext, show
from harriet.pages.counts import CountAll
from harriet.pages.forms import status_of
from harriet.people.pages.fresh_sign_in import sign_in_again, signed_in_lately, typed_before
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.permissions import has_power
from harriet.people.roles import Power

APPROVED = "Approved. The call runs now, once, with exactly these arguments."
APPROVED_FIRST = "Approved. A second person has to approve it as well before it runs."
MOST_COMMENTS = 100


@dataclass(frozen=True, slots=True)
class TicketPage(PageContext):
    template = "tickets/detail.html"
    active = "tickets"
    ticket: Ticket
    action: PendingAction
    card: Card
    decisions: list[Decision]
    edits: list[ActionEdit]
    comments: list[TicketComment]
    """The newest, as they were said."""
    is_waiting: bool
    ways: Ways
    """What this person may do with it."""
    nobody: str
    """That nobody can; empty when somebody can."""
    approve_form: ApproveForm
    reject_form: RejectForm
    comment_form: CommentForm
    seen: str
    """What the ticket stood at."""
    came_back: CameBack | None
    next: Next
    has_claimed: bool
    """It is this person who is looking at it."""
    can_audit: bool

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
        return not self.ways.reject

    @property
    def first_approvers(self) -> str:
        """Of two people who decide, who has approved it."""
        return " and ".join(self.ways.approved_by) if self.is_waiting and self.ways.needed > 1 else ""

    @property
    def is_moving(self) -> bool:
        """Somebody may change it at any moment."""
        moving = (PendingAction.State.WAITING, PendingAction.State.APPROVED, PendingAction.State.EXECUTING)
        return self.action.state in moving

    @property
    def history(self) -> list[Event]:
        return of_tool(self.action)

    @property
    def same_person(self) -> SamePerson:
        return of_same_person(self.action)


@require_POST
@in_organization
def withdraw(request: OrganizationRequest, number: int) -> HttpResponse:
    """A call, or one's own request for access."""
    asked = requests_for(request.membership).filter(ticket__number=number).first()
    if asked is not None:
        return withdraw_asked(request, asked)
    ticket = held_call_or_404(request, number)
    try:
        withdraw_action(ticket.action, actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        whose = "your" if ticket.action.user_id == request.user.pk else "their"
        messages.success(request, f"Withdrawn. The call has not run, and {whose} client is told so.")
    return redirect("tickets:detail", number)


@require_POST
@in_organization
def approve(request: OrganizationRequest, number: int) -> HttpResponse:
    ticket, form = held_call_or_404(request, number), ApproveForm(request.POST)
    if _has_to_sign_in(request, ticket.action):
        return sign_in_again(request, reverse("tickets:detail", args=[number]))
    if not form.is_valid():
        return show_ticket(request, ticket, approve=form)
    try:
        edition, reason = form.cleaned_data["edition"], form.cleaned_data["reason"]
        runs = approve_action(ticket.action, reason=reason, actor=request.actor, edition=edition)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, APPROVED if runs else APPROVED_FIRST)
    return redirect("tickets:detail", number)


def _has_to_sign_in(request: OrganizationRequest, action: PendingAction) -> bool:
    """Before they approve it; nobody has to who may not."""
    is_needed = needs_fresh_sign_in(action) and not signed_in_lately(request)
    return is_needed and not ways_of(action, request.membership).approve


@require_POST
@in_organization
def reject(request: OrganizationRequest, number: int) -> HttpResponse:
    ticket, form = held_call_or_404(request, number), RejectForm(request.POST)
    if not form.is_valid():
        return show_ticket(request, ticket, reject=form)
    try:
        reject_action(ticket.action, reason=form.cleaned_data["reason"], actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Rejected. The client gets your reason.")
    return redirect("tickets:detail", number)


def held_call_or_404(request: OrganizationRequest, number: int) -> Ticket:
    ticket = held_call(request, number)
    if ticket is None:
        raise Http404(NO_TICKET)
    return ticket


def held_call(request: OrganizationRequest, number: int) -> Ticket | None:
    tickets = tickets_for(request.membership).filter(number=number)
    beside = ("action__token__created_by", "action__token__agent", "action__run_step__run__ticket")
    return tickets.select_related(*beside).first()


def standing_of(ticket: Ticket) -> str:
    """Changes with whatever somebody does with it or says, and when its time is over."""
    action = ticket.action
    said, approved = _said_and_decided(ticket)
    claimed = ticket.claimed_at if ticket.is_claimed else None
    parts = (action.state, action.edition, action.is_waiting, approved, said, claimed, ticket.handed_to_id)
    return sha256(repr(parts).encode()).hexdigest()[:16]


def _said_and_decided(ticket: Ticket) -> tuple[int, int]:
    """How many comments and decisions there are."""
    counts = (CountAll(rows) for rows in (ticket.comments.all(), ticket.action.decisions.all()))
    said, decided = Ticket.objects.values_list(*counts).get(pk=ticket.pk)
    return said, decided


def show_ticket(
    request: OrganizationRequest,
    ticket: Ticket,
    *,
    approve: ApproveForm | None = None,
    reject: RejectForm | None = None,
    comment: CommentForm | None = None,
    seen: str = "",
) -> HttpResponse:
    """`seen`: what it stands at, where that was looked at already."""
    action, waits = ticket.action, ticket.action.is_waiting
    ways = ways_of(action, request.membership)
    page = TicketPage(
        ticket=ticket,
        action=action,
        card=card_of(action),
        decisions=list(action.decisions.all()),
        edits=list(action.edits.all()) if action.edition else [],
        comments=list(ticket.comments.order_by("-created_at", "-pk")[:MOST_COMMENTS])[::-1],
        is_waiting=waits,
        ways=ways,
        nobody=why_nobody(action) if waits and ways.approve else "",
        approve_form=approve or ApproveForm(initial=typed_before(request) | {"edition": action.edition}),
        reject_form=reject or RejectForm(),
        comment_form=comment or CommentForm(),
        seen=seen or standing_of(ticket),
        came_back=came_back(action, request.user.pk),
        next=next_of(request.membership, ticket.number),
        has_claimed=ticket.is_claimed and ticket.claimed_by_id == request.user.pk,
        can_audit=has_power(request.membership, Power.VIEW_AUDIT),
    )
    return show(request, page, status=status_of(page.approve_form, page.reject_form, page.comment_form))
