"""One person's page: what they are here, what they hold, and ending their access."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from harriet.pages.context import PageContext, show
from harriet.pages.counts import Several, several
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.change_role import change_role
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.set_person_groups import set_person_groups
from harriet.people.models import AccessToken, AssertedIdentity, Device, Group, Membership
from harriet.people.pages.forms import PersonGroupsForm, RoleForm
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.queries import devices_of, keys_seen_by, person_of, tokens_of
from harriet.people.roles import Power

MOST_GROUPS = 40
"""That the page names; its form finds all."""
MOST_SHOWN = 50
"""Devices, credentials, and keys."""


@dataclass(frozen=True, slots=True)
class PersonPage(PageContext):
    template = "people/person.html"
    active = "people"
    person: Membership
    identity: AssertedIdentity | None
    """None for a local account."""
    groups: Several[Group]
    role_form: RoleForm
    groups_form: PersonGroupsForm
    remove_form: ConfirmForm
    devices: Several[Device]
    tokens: Several[AccessToken]
    seen_keys: Several[AccessToken]
    can_manage: bool
    can_manage_tokens: bool
    can_audit: bool


@needs(Power.VIEW_SETTINGS)
def person_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _shown(request, person_of(request.organization, pk))


def _shown(
    request: OrganizationRequest,
    membership: Membership,
    *,
    role_form: RoleForm | None = None,
    groups_form: PersonGroupsForm | None = None,
    remove_form: ConfirmForm | None = None,
) -> HttpResponse:
    """The page, with the form that was sent when something was wrong with it."""
    organization, user = request.organization, membership.user
    page = PersonPage(
        person=membership,
        identity=AssertedIdentity.objects.filter(membership=membership).first(),
        groups=several(membership.groups.order_by("name"), MOST_GROUPS),
        role_form=role_form or RoleForm(initial={"role": membership.role}),
        groups_form=groups_form or PersonGroupsForm(membership),
        remove_form=remove_form or ConfirmForm(user.email),
        devices=several(devices_of(organization, user), MOST_SHOWN),
        tokens=several(tokens_of(organization, user), MOST_SHOWN),
        seen_keys=several(keys_seen_by(organization, user), MOST_SHOWN),
        can_manage=has_power(request.membership, Power.MANAGE_PEOPLE),
        can_manage_tokens=has_power(request.membership, Power.MANAGE_TOKENS),
        can_audit=has_power(request.membership, Power.VIEW_AUDIT),
    )
    return show(request, page, status=status_of(page.role_form, page.groups_form, page.remove_form))


@require_POST
@needs(Power.MANAGE_PEOPLE)
def set_role_of_person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership, form = person_of(request.organization, pk), RoleForm(request.POST)
    changed = attempt(form, lambda given: change_role(membership, given["role"], actor=request.actor))
    if changed is None:
        return _shown(request, membership, role_form=form)
    messages.success(request, f"{membership.user} is now {changed.get_role_display()}.")
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def set_groups_of_person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    form = PersonGroupsForm(membership, request.POST)
    if not form.is_valid():
        return _shown(request, membership, groups_form=form)
    set_person_groups(membership, form.cleaned_data["groups"], actor=request.actor)
    messages.success(request, f"The groups of {membership.user} were saved.")
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def deactivate_this_person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    deactivate_person(membership, actor=request.actor)
    messages.success(
        request,
        f"{membership.user} was deactivated. Their pages, devices and tokens stopped working; calls that waited ended.",
    )
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def activate_this_person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    activate_person(membership, actor=request.actor)
    messages.success(
        request,
        f"{membership.user} may sign in again. Tokens and devices stay revoked: clients are connected anew.",
    )
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def remove_this_person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    form = ConfirmForm(membership.user.email, request.POST)
    removed = attempt(form, lambda _: remove_person(membership, actor=request.actor))
    if removed is None:
        return _shown(request, membership, remove_form=form)
    messages.success(
        request,
        f"{membership.user} was removed from {request.organization}: "
        f"{removed.tokens} tokens and {removed.devices} devices were revoked, open invitations withdrawn.",
    )
    return redirect("people:list")
