"""The ticket of a request for access: what somebody needs and why, and the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from approvals.actions.decline_access import decline_access
from approvals.actions.give_access import give_access
from approvals.actions.see_ticket import NO_TICKET
from approvals.actions.withdraw_request import withdraw_request
from approvals.answerers import may_answer
from approvals.errors import ApprovalError
from approvals.models import AccessRequest
from approvals.pages.forms import DeclineForm, GiveForm
from approvals.queries import requests_for
from connectors.access.usable import groups_that_use
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.models import Group
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.permissions import has_power
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class RequestPage(PageContext):
    template = "tickets/request.html"
    active = "tickets"
    asked: AccessRequest
    is_mine: bool
    may_answer: bool
    may_manage_people: bool
    may_manage_connectors: bool
    groups: list[Group]
    """Those that may use it."""
    give_form: GiveForm
    decline_form: DeclineForm

    @property
    def is_open(self) -> bool:
        return self.asked.state == AccessRequest.State.OPEN

    @property
    def may_withdraw(self) -> bool:
        return self.is_open and self.is_mine


def request_page(request: OrganizationRequest, asked: AccessRequest) -> HttpResponse:
    """For the page of a ticket."""
    return _show(request, asked, GiveForm(_groups(asked)), DeclineForm())


@require_POST
@in_organization
def give(request: OrganizationRequest, number: int) -> HttpResponse:
    asked = request_of(request, number)
    form = GiveForm(_groups(asked), request.POST)
    given: Callable[[dict[str, Any]], int] = lambda said: give_access(  # noqa: E731
        asked, form.chosen_group, said["answer"], actor=request.actor
    )
    if attempt(form, given) is None:
        return _show(request, asked, form, DeclineForm())
    messages.success(request, f"{asked.person} has access and is told so.")
    return redirect("tickets:detail", number)


@require_POST
@in_organization
def decline(request: OrganizationRequest, number: int) -> HttpResponse:
    asked, form = request_of(request, number), DeclineForm(request.POST)

    def declined(said: dict[str, Any]) -> bool:
        decline_access(asked, said["reason"], actor=request.actor)
        return True

    if attempt(form, declined) is None:
        return _show(request, asked, GiveForm(_groups(asked)), form)
    messages.success(request, f"Declined. {asked.person} is told why.")
    return redirect("tickets:detail", number)


def withdraw_asked(request: OrganizationRequest, asked: AccessRequest) -> HttpResponse:
    """For the page of a ticket, too."""
    try:
        withdraw_request(asked, actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Withdrawn. Nobody is asked any more.")
    return redirect("tickets:detail", asked.ticket.number)


def request_of(request: OrganizationRequest, number: int) -> AccessRequest:
    asked = requests_for(request.membership).filter(ticket__number=number).first()
    if asked is None:
        raise Http404(NO_TICKET)
    return asked


def _groups(asked: AccessRequest) -> list[Group]:
    return groups_that_use(asked.connector) if asked.connector else []


def _show(request: OrganizationRequest, asked: AccessRequest, give: GiveForm, decline: DeclineForm) -> HttpResponse:
    page = RequestPage(
        asked=asked,
        is_mine=asked.person_id == request.user.pk,
        may_answer=asked.state == AccessRequest.State.OPEN and may_answer(asked, request.membership),
        may_manage_people=has_power(request.membership, Power.MANAGE_PEOPLE),
        may_manage_connectors=has_power(request.membership, Power.MANAGE_CONNECTORS),
        groups=give.groups,
        give_form=give,
        decline_form=decline,
    )
    return show(request, page, status=status_of(give, decline))
