"""My AI, what a person sees of their own: profiles, calls, and what waits for them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpResponse

from approvals.models import PendingAction, Ticket
from approvals.queries import tickets_for, waiting_for
from connectors.models import Profile
from connectors.queries import profiles_for
from harriet.console.me.activity import Happening, calls_of
from harriet.console.me.page import MyPage
from harriet.pages.context import show
from harriet.people.models import Device, Invitation
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.queries import devices_of, invitations_for

MOST_AT_HOME = 5
MOST_CALLS = 100
MOST_TICKETS = 100


@dataclass(frozen=True, slots=True)
class HomePage(MyPage):
    template = "me/home.html"
    tab = "home"
    profiles: list[Profile]
    devices: QuerySet[Device]
    waiting: QuerySet[Ticket]
    invitations: QuerySet[Invitation]
    calls: list[Happening]


@in_organization
def my_home_page(request: OrganizationRequest) -> HttpResponse:
    return show(
        request,
        HomePage(
            profiles=list(profiles_for(request.membership)),
            devices=devices_of(request.organization, request.user),
            waiting=waiting_for(request.membership)[:MOST_AT_HOME],
            invitations=invitations_for(request.user),
            calls=calls_of(request.organization.pk, request.user.pk, most=MOST_AT_HOME),
        ),
    )


@dataclass(frozen=True, slots=True)
class ActivityPage(MyPage):
    template = "me/activity.html"
    tab = "activity"
    calls: list[Happening]


@in_organization
def my_activity_page(request: OrganizationRequest) -> HttpResponse:
    return show(request, ActivityPage(calls=calls_of(request.organization.pk, request.user.pk, most=MOST_CALLS)))


@dataclass(frozen=True, slots=True)
class WaitingPage(MyPage):
    template = "me/waiting.html"
    tab = "waiting"
    to_decide: QuerySet[Ticket]
    asked: QuerySet[Ticket]
    """My own calls, which wait for others."""


@in_organization
def my_waiting_page(request: OrganizationRequest) -> HttpResponse:
    mine = {"action__user": request.user, "action__state": PendingAction.State.WAITING}
    asked = tickets_for(request.membership).filter(**mine)
    to_decide = waiting_for(request.membership)
    return show(request, WaitingPage(to_decide=to_decide[:MOST_TICKETS], asked=asked[:MOST_TICKETS]))
