"""Deciding on several tickets that were ticked in the list: each decision is one of its own, and nothing is approved
that was not shown whole."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.actions.approve_action import approve_action
from approvals.actions.reject_action import reject_action
from approvals.conflicts import STRICT, strict_risk
from approvals.deciders import over_of, refusals
from approvals.models import PendingAction, Ticket
from approvals.pages.forms import RejectForm
from approvals.pages.shown import shown_as
from approvals.queries import tickets_for
from approvals.sealed_parts import readable_of_each
from harriet.lib.sentences import within
from harriet.lib.text import count_hidden, show_hidden
from harriet.pages.tables.bulk import BulkAction, Noun, ticked_ids
from harriet.pages.tables.bulk_page import BulkFormPage, BulkPage, answers, asked, nothing_ticked, preview_or_do
from harriet.people.pages.guards import OrganizationRequest, in_organization

CALLS = Noun("call", "calls")
LONGEST_SHOWN = 400
"""Characters of arguments: longer ones are decided on on their own page."""

NOTE = (
    "Each runs once, with exactly these arguments; where two people approve, after the second. "
    "Each decision is recorded as yours."
)
NOT_AS_SHOWN = "what it would send was not shown to you, or has changed since: look at it first"


class BulkTicketsPage(BulkPage):
    __slots__ = ()
    template = "tables/bulk.html"
    active = "tickets"
    list_name = "Tickets"


class ReasonForTicketsPage(BulkFormPage):
    __slots__ = ()
    template = "tables/bulk_form.html"
    active = "tickets"
    list_name = "Tickets"


@require_POST
@in_organization
def decide_many_tickets(request: OrganizationRequest) -> HttpResponse:
    back, wanted = reverse("tickets:list"), request.POST.get("action", "")
    found = tickets_for(request.membership).filter(pk__in=ticked_ids(request.POST))
    rows = list(found.select_related("action__token__agent"))
    if not rows or wanted not in ("approve", "reject"):
        return nothing_ticked(request, CALLS, back)
    if wanted == "approve":
        kept = {"shown": [shown_as(row.action) for row in rows]}
        return preview_or_do(request, BulkTicketsPage, _approve(request, rows), rows, back=back, kept=kept)
    form = RejectForm(answers(request))
    if not form.is_valid():
        return asked(request, ReasonForTicketsPage, _reject(request, rows, ""), rows, form, back=back)
    reason = form.cleaned_data["reason"]
    return preview_or_do(
        request, BulkTicketsPage, _reject(request, rows, reason), rows, back=back, kept={"reason": [reason]}
    )


def _approve(request: OrganizationRequest, rows: list[Ticket]) -> BulkAction[Ticket]:
    why_not = _why_not(request, rows)
    sent, unread = _sent(rows), _unread(request, rows)
    return BulkAction(
        "approve",
        "Approve and run",
        "approved",
        CALLS,
        do=lambda one: _approve_one(one, request),
        stays=lambda one: why_not[one.pk] or unread[one.pk] or _needs_a_look(one.action, sent.get(one.action.pk, "")),
        name=_name,
        details=lambda one: show_hidden(sent.get(one.action.pk, "")),
        note=NOTE,
    )


def _approve_one(ticket: Ticket, request: OrganizationRequest) -> None:
    approve_action(ticket.action, actor=request.actor, edition=ticket.action.edition)


def _unread(request: OrganizationRequest, rows: list[Ticket]) -> dict[UUID, str]:
    """By ticket, that it is not what the page before showed. Nothing is to be sure of before that page."""
    shown = set(request.POST.getlist("shown"))
    unread = [row.pk for row in rows if "sure" in request.POST and shown_as(row.action) not in shown]
    return {row.pk: NOT_AS_SHOWN if row.pk in unread else "" for row in rows}


def _reject(request: OrganizationRequest, rows: list[Ticket], reason: str) -> BulkAction[Ticket]:
    why_not = _why_not(request, rows, rejects=True)
    return BulkAction(
        "reject",
        "Reject",
        "rejected",
        CALLS,
        do=lambda one: reject_action(one.action, reason=reason, actor=request.actor),
        stays=lambda one: why_not[one.pk],
        name=_name,
        note=f"None of them runs. The people who asked and their clients are told: {reason}",
    )


def _why_not(request: OrganizationRequest, rows: list[Ticket], *, rejects: bool = False) -> dict[UUID, str]:
    """By ticket, why it stays as it is."""
    over = {row.pk: over_of(row.action) for row in rows}
    refused = refusals([row.action for row in rows if not over[row.pk]], request.membership, rejects=rejects)
    return {row.pk: within(over[row.pk] or refused[row.action.pk]) for row in rows}


def _needs_a_look(action: PendingAction, sent: str) -> str:
    if (risk := strict_risk(action)) in STRICT:
        return f"its risk is {risk}: decide on it on its own page"
    if not sent:
        return "what it would send can't be opened"
    if count_hidden(sent):
        return "there are hidden characters in it: read it on its own page"
    return "it is too long to be read here: decide on it on its own page" if len(sent) > LONGEST_SHOWN else ""


def _sent(rows: list[Ticket]) -> dict[UUID, str]:
    """By held call, what it sends."""
    parts = readable_of_each([row.action for row in rows])
    return {pk: f"{sent.arguments.decode()} {sent.meta.decode()}".strip() for pk, sent in parts.items()}


def _name(ticket: Ticket) -> str:
    return f"#{ticket.number} {show_hidden(ticket.title)} for {show_hidden(ticket.requester_label)}"
