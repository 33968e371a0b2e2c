"""People of the organization: list, invitations, one person's page and what can be done there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from harriet.lib.secret import Secret
from harriet.pages.pagination import page_of
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.change_role import change_role
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.mail_invitation import mail_invitation
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.set_person_groups import set_person_groups
from harriet.people.actions.withdraw_invitation import withdraw_invitation
from harriet.people.http import OrganizationRequest, needs
from harriet.people.models import Invitation, Membership
from harriet.people.pages.forms import (
    BY_HAND,
    BY_MAIL,
    ROLES,
    ConfirmForm,
    InviteForm,
    PersonGroupsForm,
    RoleForm,
    attempt,
)
from harriet.people.permissions import Power, has_power
from harriet.people.queries import (
    devices_of,
    groups_of,
    invitation_of,
    invitations_of,
    keys_seen_by,
    people_of,
    person_of,
    tokens_of,
)


@needs(Power.VIEW_SETTINGS)
def people(request: OrganizationRequest) -> HttpResponse:
    found = filtered(people_of(request.organization), readable(request.GET))
    context = {
        "active": "people",
        "page": page_of(found, request),
        "invitations": invitations_of(request.organization),
        "groups": groups_of(request.organization),
        "roles": ROLES,
        "filters": request.GET,
        "can_manage": has_power(request.membership, Power.MANAGE_PEOPLE),
    }
    return render(request, "people/list.html", context)


def readable(query: QueryDict) -> dict[str, str]:
    """PostgreSQL has no NUL in text; nobody's name holds one."""
    return {name: value.replace("\x00", "") for name, value in query.items() if isinstance(value, str)}


def filtered(found: QuerySet[Membership], wanted: dict[str, str]) -> QuerySet[Membership]:
    if text := wanted.get("q", "").strip():
        found = found.filter(Q(user__email__icontains=text) | Q(user__name__icontains=text))
    if role := wanted.get("role"):
        found = found.filter(role=role)
    if group := wanted.get("group"):
        found = found.filter(pk__in=Membership.objects.filter(groups__slug=group).values("pk"))
    if state := wanted.get("state"):
        found = found.filter(is_active=state == "active")
    return found


@needs(Power.MANAGE_PEOPLE)
def invite(request: OrganizationRequest) -> HttpResponse:
    """A link to hand over is shown once, in the answer to the form: it is nowhere to come back to."""
    form = InviteForm(request.organization, request.POST or None)
    made = attempt(form, lambda given: _invited(request, **given))
    if made is None:
        return render(request, "people/invite.html", {"active": "people", "form": form}, status=status_of(form))
    invitation, link = made
    shown = {"link": link.reveal() if link else "", "has_mail": bool(settings.EMAIL_URL)}
    context = {"active": "people", "invitation": invitation, **shown}
    return render(request, "people/invited.html", context)


def _invited(request: OrganizationRequest, *, way: str = BY_HAND, **given: Any) -> tuple[Invitation, Secret | None]:
    if way == BY_MAIL:
        return mail_invitation(request.organization, **given, actor=request.actor), None
    return invite_person(request.organization, **given, actor=request.actor)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def withdraw(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    invitation = invitation_of(request.organization, pk)
    withdraw_invitation(invitation, actor=request.actor)
    messages.success(request, f"The invitation of {invitation.email} was withdrawn; its link opens nothing any more.")
    return redirect("people:list")


@needs(Power.VIEW_SETTINGS)
def person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return person_page(request, person_of(request.organization, pk))


def person_page(request: OrganizationRequest, membership: Membership, **forms: Any) -> HttpResponse:
    context = {
        "active": "people",
        "person": membership,
        "role_form": RoleForm(initial={"role": membership.role}),
        "groups_form": PersonGroupsForm(membership),
        "remove_form": ConfirmForm(membership.user.email),
        "devices": devices_of(request.organization, membership.user),
        "tokens": tokens_of(request.organization, membership.user),
        "seen_keys": keys_seen_by(request.organization, membership.user),
        "can_manage": has_power(request.membership, Power.MANAGE_PEOPLE),
        "can_manage_tokens": has_power(request.membership, Power.MANAGE_TOKENS),
        "can_audit": has_power(request.membership, Power.VIEW_AUDIT),
        **forms,
    }
    return render(request, "people/person.html", context, status=400 if forms else 200)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def role(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership, form = person_of(request.organization, pk), RoleForm(request.POST)
    changed = attempt(form, lambda given: change_role(membership, given["role"], actor=request.actor))
    if changed is None:
        return person_page(request, membership, role_form=form)
    messages.success(request, f"{membership.user} is now {changed.get_role_display()}.")
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def groups(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    form = PersonGroupsForm(membership, request.POST)
    if not form.is_valid():
        return person_page(request, membership, groups_form=form)
    set_person_groups(membership, form.cleaned_data["groups"], actor=request.actor)
    messages.success(request, f"The groups of {membership.user} were saved.")
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def deactivate(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    deactivate_person(membership, actor=request.actor)
    messages.success(request, f"{membership.user} was deactivated. Their pages and tokens stopped working.")
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def activate(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    activate_person(membership, actor=request.actor)
    messages.success(request, f"{membership.user} may sign in again. Devices need new credentials.")
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def remove(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    form = ConfirmForm(membership.user.email, request.POST)
    removed = attempt(form, lambda _: remove_person(membership, actor=request.actor))
    if removed is None:
        return person_page(request, membership, remove_form=form)
    messages.success(
        request,
        f"{membership.user} was removed from {request.organization}: "
        f"{removed.tokens} tokens and {removed.devices} devices were revoked, open invitations withdrawn.",
    )
    return redirect("people:list")


def status_of(form: Any) -> int:
    return 400 if form.is_bound else 200
