"""Profiles: each an MCP address with what it offers and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from connectors.actions.change_profile import change_profile
from connectors.actions.create_profile import create_profile
from connectors.actions.delete_profile import bound_tokens, delete_profile
from connectors.models import AutonomousScope, Profile
from connectors.pages.fields import Havers
from connectors.pages.profile_forms import ProfileForm
from connectors.pages.profile_parts import MEANING, WhoHasIt, who_has
from connectors.pages.profile_scopes import ScopeForm, scope_made, scopes_shown
from connectors.queries import profile_of
from harriet.pages.context import PageContext, show
from harriet.pages.counts import Several, several
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.pages.picking import Found
from harriet.people.models import AccessToken
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.pages.once import first_of
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.trust import Trust

NAMED = 20
"""Of those who lose something, or what is lost, by name."""


@dataclass(frozen=True, slots=True)
class NewProfilePage(PageContext):
    template = "profiles/new.html"
    active = "profiles"
    form: ProfileForm


@needs(Power.MANAGE_PROFILES)
def new_profile_page(request: OrganizationRequest) -> HttpResponse:
    initial = {"connectors": request.GET.getlist("connector"), "people": [request.membership]}
    form = ProfileForm(request.organization, request.POST or None, initial=initial)
    actor, organization = request.actor, request.organization
    made = attempt(form, lambda given: first_of(request, lambda: create_profile(organization, **given, actor=actor).pk))
    if made is None:
        return show(request, NewProfilePage(form=form), status=status_of(form))
    name = form.cleaned_data["name"]
    messages.success(request, f"The profile {name} was created. Its address is below; next, connect a client to it.")
    return redirect("profiles:detail", made)


@dataclass(frozen=True, slots=True)
class ProfilePage(PageContext):
    template = "profiles/detail.html"
    active = "profiles"
    profile: Profile
    form: ProfileForm
    who: WhoHasIt
    can_manage: bool
    scopes: list[AutonomousScope]
    """Those that hold."""

    @property
    def meaning(self) -> tuple[tuple[str, str], ...]:
        """What the trust level makes of each risk class."""
        return MEANING[Trust(self.profile.trust)]


@needs_to_save(Power.MANAGE_PROFILES)
def profile_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    found = profile_of(request.organization, pk)
    can_manage = has_power(request.membership, Power.MANAGE_PROFILES)
    form = ProfileForm.of(found, request.POST or None)
    saved = attempt(form, lambda given: change_profile(found, **given, actor=request.actor))
    if saved is not None:
        messages.success(request, f"The profile {found} was saved." if saved else "Nothing was changed.")
        return redirect("profiles:detail", pk)
    page = ProfilePage(
        profile=found, form=form, who=who_has(found, request.GET), can_manage=can_manage, scopes=scopes_shown(found)
    )
    return show(request, page, status=status_of(form))


@dataclass(frozen=True, slots=True)
class NewScopePage(PageContext):
    template = "profiles/scope_new.html"
    active = "profiles"
    profile: Profile
    form: ScopeForm


@needs(Power.MANAGE_PROFILES)
def new_scope_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    found = profile_of(request.organization, pk)
    form = ScopeForm(request.organization, request.POST or None)
    made = attempt(form, lambda given: first_of(request, lambda: scope_made(found, given, request).pk))
    if made is None:
        return show(request, NewScopePage(profile=found, form=form), status=status_of(form))
    messages.success(request, f"{form.cleaned_data['name']} holds from now on, and ends by itself.")
    return redirect("profiles:detail", pk)


@dataclass(frozen=True, slots=True)
class DeleteProfilePage(PageContext):
    template = "profiles/delete.html"
    active = "profiles"
    profile: Profile
    form: ConfirmForm
    tokens: Several[AccessToken]
    people: Found


@needs(Power.MANAGE_PROFILES)
def delete_profile_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    found = profile_of(request.organization, pk)
    form, name = ConfirmForm(found.name, request.POST or None), found.name
    if attempt(form, lambda _given: [delete_profile(found, actor=request.actor)]) is None:
        tokens, people = several(bound_tokens(found), NAMED), Havers(found).first(NAMED)
        page = DeleteProfilePage(profile=found, form=form, tokens=tokens, people=people)
        return show(request, page, status=status_of(form))
    messages.success(request, f"The profile {name} was deleted.")
    return redirect("profiles:list")
