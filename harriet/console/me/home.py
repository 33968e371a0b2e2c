"""My AI, what a person sees of their own: profiles, calls, and what waits for them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from approvals.actions.withdraw_action import withdraw_action
from approvals.actions.withdraw_request import withdraw_request
from approvals.models import AccessRequest, PendingAction, Ticket
from approvals.queries import requests_for, requests_to_answer, tickets_for, waiting_for
from connectors.models import Profile
from connectors.queries import MOST_PROFILES, profiles_for
from harriet.console.me.activity import OUTCOMES, TIMES, CallFilters, calls_of
from harriet.console.me.happening import Happening
from harriet.console.me.page import MyPage
from harriet.pages.context import show
from harriet.people.errors import NotFound
from harriet.people.models import CredentialOffer, Device, Invitation
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.queries import devices_of, invitations_for, machines_of, offers_of
from harriet.signin.models import ConnectedApp
from harriet.signin.queries import apps_of

MOST_AT_HOME = 5
MOST_DEVICES, MOST_INVITATIONS = 20, 20
MOST_DEVICES = 100
MOST_TICKETS = 100
MOST_REQUESTS = 10


@dataclass(frozen=True, slots=True)
class HomePage(MyPage):
    template = "me/home.html"
    tab = "home"
    profiles: list[Profile]
    devices: QuerySet[Device]
    apps: QuerySet[ConnectedApp]
    waiting: QuerySet[Ticket]
    invitations: QuerySet[Invitation]
    calls: list[Happening]


@in_organization
def my_home_page(request: OrganizationRequest) -> HttpResponse:
    return show(
        request,
        HomePage(
            profiles=list(profiles_for(request.membership)[:MOST_PROFILES]),
            devices=machines_of(request.organization, request.user)[:MOST_DEVICES],
            apps=apps_of(request.organization, request.user)[:MOST_AT_HOME],
            waiting=waiting_for(request.membership)[:MOST_AT_HOME],
            invitations=invitations_for(request.user)[:MOST_INVITATIONS],
            calls=calls_of(request.membership, CallFilters(), size=MOST_AT_HOME).calls,
        ),
    )


@dataclass(frozen=True, slots=True)
class ActivityPage(MyPage):
    template = "me/activity.html"
    tab = "activity"
    calls: list[Happening]
    older: str
    newer: str
    filters: CallFilters
    devices: QuerySet[Device]
    outcomes: tuple[tuple[str, str], ...] = OUTCOMES
    times: tuple[tuple[str, str], ...] = TIMES

    @property
    def is_filtered(self) -> bool:
        return self.filters != CallFilters()


@in_organization
def my_activity_page(request: OrganizationRequest) -> HttpResponse:
    filters = CallFilters(
        tool=request.GET.get("tool", "").strip()[:100],
        device=_id_in(request.GET.get("device", "")),
        outcome=request.GET.get("outcome", ""),
        days=request.GET.get("days", ""),
    )
    found = calls_of(request.membership, filters, request.GET.get("cursor", ""))
    devices = devices_of(request.organization, request.user)[:MOST_DEVICES]
    return show(request, ActivityPage(found.calls, found.older, found.newer, filters, devices))


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class WaitingPage(MyPage):
    template = "me/waiting.html"
    tab = "waiting"
    to_decide: QuerySet[Ticket]
    to_answer: QuerySet[AccessRequest]
    """Requests for access."""
    asked: QuerySet[Ticket]
    """My own calls that wait, also those that I may decide on: I may withdraw them here."""
    requests: QuerySet[AccessRequest]
    """My own requests for access: those that wait, and the latest that were answered."""
    offers: QuerySet[CredentialOffer]
    invitations: QuerySet[Invitation]


@in_organization
def my_waiting_page(request: OrganizationRequest) -> HttpResponse:
    mine = {"action__user": request.user, "action__state": PendingAction.State.WAITING}
    own = requests_for(request.membership).filter(person=request.user)
    page = WaitingPage(
        to_decide=waiting_for(request.membership)[:MOST_TICKETS],
        to_answer=requests_to_answer(request.membership)[:MOST_TICKETS],
        asked=tickets_for(request.membership).filter(**mine)[:MOST_TICKETS],
        requests=own[:MOST_REQUESTS],
        offers=offers_of(request.organization, request.user)[:MOST_TICKETS],
        invitations=invitations_for(request.user)[:MOST_INVITATIONS],
    )
    return show(request, page)


@require_POST
@in_organization
def withdraw_my_call(request: OrganizationRequest, number: int) -> HttpResponse:
    asked = requests_for(request.membership).filter(ticket__number=number, person=request.user).first()
    if asked is not None:
        withdraw_request(asked, actor=request.actor)
        messages.success(request, "Withdrawn. Nobody is asked any more.")
        return redirect("me:waiting")
    ticket = tickets_for(request.membership).filter(number=number, action__user=request.user).first()
    if ticket is None:
        raise NotFound("You have no such call.")
    withdraw_action(ticket.action, actor=request.actor)
    messages.success(request, "Withdrawn. The call has not run, and your client is told so.")
    return redirect("me:waiting")
