"""Profiles: each an MCP address with what it offers, to whom, and what each person sees there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page
from django.http import HttpResponse
from django.shortcuts import redirect

from connectors.access.facts import MemberRow
from connectors.access.load import load_for_page
from connectors.access.preview import Preview, Seen, preview
from connectors.actions.change_profile import change_profile
from connectors.actions.create_profile import create_profile
from connectors.actions.delete_profile import bound_tokens, delete_profile
from connectors.models import Profile
from connectors.pages.profile_forms import ProfileForm
from connectors.queries import profile_of
from harriet.pages.context import PageContext, show
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.pages.pagination import page_of
from harriet.people.models import AccessToken
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.permissions import has_power
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class NewProfilePage(PageContext):
    template = "profiles/new.html"
    active = "profiles"
    form: ProfileForm


@needs(Power.MANAGE_PROFILES)
def new_profile_page(request: OrganizationRequest) -> HttpResponse:
    initial = {"connectors": request.GET.getlist("connector"), "people": [request.membership]}
    form = ProfileForm(request.organization, request.POST or None, initial=initial)
    made = attempt(form, lambda given: create_profile(request.organization, **given, actor=request.actor))
    if made is None:
        return show(request, NewProfilePage(form=form), status=status_of(form))
    messages.success(request, f"The profile {made} was created. Its address is below; next, connect a client to it.")
    return redirect("profiles:detail", made.pk)


@dataclass(frozen=True, slots=True)
class ProfilePage(PageContext):
    template = "profiles/detail.html"
    active = "profiles"
    profile: Profile
    form: ProfileForm
    people: list[Preview]
    can_manage: bool


@needs_to_save(Power.MANAGE_PROFILES)
def profile_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    found = profile_of(request.organization, pk)
    can_manage = has_power(request.membership, Power.MANAGE_PROFILES)
    form = ProfileForm.of(found, request.POST or None)
    saved = attempt(form, lambda given: change_profile(found, **given, actor=request.actor))
    if saved is not None:
        messages.success(request, f"The profile {found} was saved." if saved else "Nothing was changed.")
        return redirect("profiles:detail", pk)
    page = ProfilePage(profile=found, form=form, people=_seen_by_all(found), can_manage=can_manage)
    return show(request, page, status=status_of(form))


@dataclass(frozen=True, slots=True)
class PreviewPage(PageContext):
    template = "profiles/preview.html"
    active = "profiles"
    profile: Profile
    members: list[MemberRow]
    chosen: MemberRow | None
    preview: Preview | None
    page: Page[Seen]


@needs(Power.VIEW_SETTINGS)
def preview_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """What one person sees there, tool by tool, with the rule that decides; nobody acts as them."""
    found = profile_of(request.organization, pk)
    facts = load_for_page(request.organization)
    members = sorted(facts.members.values(), key=lambda member: member.email)
    chosen = next((member for member in members if str(member.membership_id) == request.GET.get("person")), None)
    seen = preview(facts, facts.profiles[found.pk], chosen) if chosen else None
    page = page_of(seen.tools if seen else [], request)
    return show(request, PreviewPage(profile=found, members=members, chosen=chosen, preview=seen, page=page))


@dataclass(frozen=True, slots=True)
class DeleteProfilePage(PageContext):
    template = "profiles/delete.html"
    active = "profiles"
    profile: Profile
    form: ConfirmForm
    tokens: Sequence[AccessToken]
    people: list[Preview]


@needs(Power.MANAGE_PROFILES)
def delete_profile_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    found = profile_of(request.organization, pk)
    form = ConfirmForm(found.name, request.POST or None)
    tokens, name = bound_tokens(found), found.name
    if attempt(form, lambda _given: [delete_profile(found, actor=request.actor)]) is None:
        page = DeleteProfilePage(profile=found, form=form, tokens=tokens, people=_seen_by_all(found))
        return show(request, page, status=status_of(form))
    messages.success(request, f"The profile {name} was deleted.")
    return redirect("profiles:list")


def _seen_by_all(profile: Profile) -> list[Preview]:
    """Those whose profile it is, each with what they see."""
    facts = load_for_page(profile.organization)
    row = facts.profiles[profile.pk]
    members = sorted(facts.members.values(), key=lambda member: member.email)
    seen = (preview(facts, row, member) for member in members)
    return [one for one in seen if one.opens.is_allowed]
