"""The list of the organization's people, and inviting somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Page
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.forms import attempt, status_of
from harriet.pages.pagination import page_of
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.mail_invitation import mail_invitation
from harriet.people.actions.withdraw_invitation import withdraw_invitation
from harriet.people.models import Group, Invitation, Membership
from harriet.people.pages.forms import BY_HAND, BY_MAIL, InviteForm
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.queries import groups_of, invitation_of, invitations_of, people_of
from harriet.people.roles import ROLE_CHOICES, Power


@dataclass(frozen=True, slots=True)
class PeoplePage(PageContext):
    template = "people/list.html"
    active = "people"
    page: Page[Membership]
    invitations: QuerySet[Invitation]
    groups: QuerySet[Group]
    roles: Sequence[tuple[str, str]]
    filters: QueryDict
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def people_page(request: OrganizationRequest) -> HttpResponse:
    return show(
        request,
        PeoplePage(
            page=page_of(_filtered(people_of(request.organization), request.GET), request),
            invitations=invitations_of(request.organization),
            groups=groups_of(request.organization),
            roles=ROLE_CHOICES,
            filters=request.GET,
            can_manage=has_power(request.membership, Power.MANAGE_PEOPLE),
        ),
    )


def _filtered(found: QuerySet[Membership], wanted: QueryDict) -> QuerySet[Membership]:
    if text := wanted.get("q", "").strip():
        found = found.filter(Q(user__email__icontains=text) | Q(user__name__icontains=text))
    if role := wanted.get("role"):
        found = found.filter(role=role)
    if group := wanted.get("group"):
        found = found.filter(pk__in=Membership.objects.filter(groups__slug=group).values("pk"))
    if state := wanted.get("state"):
        found = found.filter(is_active=state == "active")
    return found


@dataclass(frozen=True, slots=True)
class InvitePage(PageContext):
    template = "people/invite.html"
    active = "people"
    form: InviteForm


@dataclass(frozen=True, slots=True)
class InvitedPage(PageContext):
    template = "people/invited.html"
    active = "people"
    invitation: Invitation
    link: Secret | None
    """None when it went by mail and to nobody else."""
    has_mail: bool


@needs(Power.MANAGE_PEOPLE)
def invite_page(request: OrganizationRequest) -> HttpResponse:
    """A link to hand over is shown once, in the answer to the form: it is nowhere to come back to."""
    form = InviteForm(request.organization, request.POST or None)
    made = attempt(form, lambda given: _invited(request, **given))
    if made is None:
        return show(request, InvitePage(form=form), status=status_of(form))
    invitation, link = made
    return show_once(request, InvitedPage(invitation=invitation, link=link, has_mail=bool(settings.EMAIL_URL)))


def _invited(request: OrganizationRequest, *, way: str = BY_HAND, **given: Any) -> tuple[Invitation, Secret | None]:
    if way == BY_MAIL:
        return mail_invitation(request.organization, **given, actor=request.actor), None
    return invite_person(request.organization, **given, actor=request.actor)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def withdraw_this_invitation(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    invitation = invitation_of(request.organization, pk)
    withdraw_invitation(invitation, actor=request.actor)
    messages.success(request, f"The invitation of {invitation.email} was withdrawn; its link opens nothing any more.")
    return redirect("people:list")
