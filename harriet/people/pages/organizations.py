"""Which organization a person works in, when there are several, and which they are asked to join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from harriet.pages.context import PageContext, show
from harriet.people.actions.accept_invitation import accept_invitation_as, unproven_words
from harriet.people.actions.decline_invitation import decline_invitation
from harriet.people.errors import NotFound
from harriet.people.middleware import CHOSEN
from harriet.people.models import Invitation, Membership
from harriet.people.pages.guards import WANTED, OrganizationRequest
from harriet.people.queries import invitations_for

MOST_INVITATIONS = 100


@dataclass(frozen=True, slots=True)
class ChoosePage(PageContext):
    template = "people/choose.html"
    memberships: list[Membership]
    invitations: QuerySet[Invitation]
    unproven: str
    kept_out: list[Membership]
    """Those of organizations that require single sign-on, while the person came otherwise."""


def choose_page(request: HttpRequest) -> HttpResponse:
    """Signed in is enough: this is where people without an organization end up, too."""
    asked = cast(OrganizationRequest, request)
    invitations = invitations_for(asked.user)[:MOST_INVITATIONS]
    return show(
        request,
        ChoosePage(
            memberships=asked.memberships,
            invitations=invitations,
            unproven=unproven_words(),
            kept_out=asked.kept_out,
        ),
    )


@require_POST
def switch_organization(request: HttpRequest) -> HttpResponse:
    """Only into an organization that the person is active in."""
    memberships = cast(OrganizationRequest, request).memberships
    wanted = request.POST.get("organization", "")
    if wanted not in {str(membership.organization_id) for membership in memberships}:
        raise NotFound("You are not in this organization.")
    request.session[CHOSEN] = wanted
    return redirect(request.session.pop(WANTED, "/"))


@require_POST
def accept_this_invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The person of an account that is known joins, when they say so."""
    user = cast(OrganizationRequest, request).user
    membership = accept_invitation_as(_invitation(request, pk), user)
    request.session[CHOSEN] = str(membership.organization_id)
    messages.success(request, f"You joined {membership.organization.name}.")
    return redirect("/")


@require_POST
def decline_this_invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    invitation = _invitation(request, pk)
    decline_invitation(invitation, cast(OrganizationRequest, request).user)
    messages.success(request, f"You declined. {invitation.organization.name} is told; nothing else changed.")
    return redirect("people:choose")


def _invitation(request: HttpRequest, pk: UUID) -> Invitation:
    found = invitations_for(cast(OrganizationRequest, request).user).filter(pk=pk).first()
    if found is None:
        raise NotFound("You have no such invitation: it was accepted, withdrawn or has expired.")
    return found
