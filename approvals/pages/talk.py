"""What people say and do about a held call beside deciding: comments, looking at it, handing it over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from approvals.actions.claim_ticket import claim_ticket, release_ticket
from approvals.actions.comment_ticket import comment_ticket
from approvals.actions.hand_over_ticket import hand_over_ticket
from approvals.deciders import ways_of
from approvals.errors import ApprovalError
from approvals.models import Ticket
from approvals.pages.forms import CommentForm
from approvals.pages.tickets import held_call_or_404, show_ticket
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization
from harriet.people.pages.fields import PersonField
from harriet.people.pages.guards import OrganizationRequest, in_organization


class HandOverForm(PickingForm):
    to = forms.Field()
    note = forms.CharField(
        label="What they should know",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="They are told it, and everybody who sees the ticket reads it.",
    )

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"] = PersonField(
            organization,
            only_active=True,
            label="Who decides",
            help_text="Somebody who may decide on this connector's calls, and did not ask for this one.",
        )


@dataclass(frozen=True, slots=True)
class HandOverPage(PageContext):
    template = "tickets/hand_over.html"
    active = "tickets"
    ticket: Ticket
    form: HandOverForm


@require_POST
@in_organization
def comment(request: OrganizationRequest, number: int) -> HttpResponse:
    ticket, form = held_call_or_404(request, number), CommentForm(request.POST)
    if attempt(form, lambda said: comment_ticket(ticket, said["text"], actor=request.actor)) is None:
        return show_ticket(request, ticket, comment=form)
    messages.success(request, "Said. Everybody who sees the ticket reads it.")
    return redirect("tickets:detail", number)


@require_POST
@in_organization
def claim(request: OrganizationRequest, number: int) -> HttpResponse:
    claimed = lambda ticket: claim_ticket(ticket, actor=request.actor)  # noqa: E731
    return _done(request, number, claimed, "Others see for a quarter of an hour that you are looking at it.")


@require_POST
@in_organization
def release(request: OrganizationRequest, number: int) -> HttpResponse:
    released = lambda ticket: release_ticket(ticket, actor=request.actor)  # noqa: E731
    return _done(request, number, released, "Others see that you are not looking at it any more.")


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def hand_over(request: OrganizationRequest, number: int) -> HttpResponse:
    ticket = held_call_or_404(request, number)
    if why_not := ways_of(ticket.action, request.membership).hand_over:
        messages.error(request, why_not)
        return redirect("tickets:detail", number)
    form = HandOverForm(request.organization, request.POST if request.method == "POST" else None)

    def handed(said: dict[str, Any]) -> bool:
        hand_over_ticket(ticket, said["to"], said["note"], actor=request.actor)
        return True

    if attempt(form, handed) is None:
        return show(request, HandOverPage(ticket, form), status=status_of(form))
    messages.success(request, f"{form.cleaned_data['to'].user} is told, and asked to decide.")
    return redirect("tickets:detail", number)


def _done(request: OrganizationRequest, number: int, do: Callable[[Ticket], object], said: str) -> HttpResponse:
    ticket = held_call_or_404(request, number)
    try:
        do(ticket)
    except ApprovalError as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, said)
    return redirect("tickets:detail", number)
