"""Profiles: each an MCP address with what it offers, to whom, and what each person sees there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from connectors.access.facts import OrganizationFacts
from connectors.access.load import load_for_page
from connectors.access.preview import Preview, preview
from connectors.actions.change_profile import change_profile
from connectors.actions.create_profile import create_profile
from connectors.actions.delete_profile import bound_tokens, delete_profile
from connectors.counts import offer_words
from connectors.models import Profile, Tool
from connectors.pages.profile_forms import ProfileForm
from connectors.queries import profile_of, profiles_of
from harriet.pages.forms import ConfirmForm, attempt
from harriet.pages.pagination import page_of
from harriet.people.names import slug_from
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.permissions import has_power
from harriet.people.roles import Power


@needs(Power.VIEW_SETTINGS)
def profiles(request: OrganizationRequest) -> HttpResponse:
    facts = load_for_page(request.organization)
    rows = [
        {"profile": profile, "enabled": _enabled(facts, profile), "single": _single(profile)}
        for profile in profiles_of(request.organization)
    ]
    context = {
        "active": "profiles",
        "rows": rows,
        "can_manage": has_power(request.membership, Power.MANAGE_PROFILES),
    }
    return render(request, "profiles/list.html", context)


@needs(Power.MANAGE_PROFILES)
def new(request: OrganizationRequest) -> HttpResponse:
    initial = {"connectors": request.GET.getlist("connector")}
    form = ProfileForm(request.organization, request.POST or None, initial=initial)
    made = attempt(form, lambda given: create_profile(request.organization, **_named(given), actor=request.actor))
    if made is None:
        context = {"active": "profiles", "form": form}
        return render(request, "profiles/new.html", context, status=400 if form.errors else 200)
    messages.success(request, f"The profile {made} was created. Its address is below.")
    return redirect("profiles:detail", made.pk)


@needs_to_save(Power.MANAGE_PROFILES)
def profile(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    found = profile_of(request.organization, pk)
    can_manage = has_power(request.membership, Power.MANAGE_PROFILES)
    form = ProfileForm.of(found, request.POST or None)
    saved = attempt(form, lambda given: [change_profile(found, **_named(given), actor=request.actor)])
    if saved is not None:
        messages.success(request, f"The profile {found} was saved." if saved[0] else "Nothing was changed.")
        return redirect("profiles:detail", pk)
    context = {
        "active": "profiles",
        "profile": found,
        "form": form,
        "people": _seen_by_all(found),
        "can_manage": can_manage,
    }
    return render(request, "profiles/detail.html", context, status=400 if form.errors else 200)


@needs(Power.VIEW_SETTINGS)
def preview_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """What one person sees there, tool by tool, with the rule that decides; nobody acts as them."""
    found = profile_of(request.organization, pk)
    facts = load_for_page(request.organization)
    members = sorted(facts.members.values(), key=lambda member: member.email)
    chosen = next((member for member in members if str(member.membership_id) == request.GET.get("person")), None)
    seen = preview(facts, facts.profiles[found.pk], chosen) if chosen else None
    context = {
        "active": "profiles",
        "profile": found,
        "members": members,
        "chosen": chosen,
        "preview": seen,
        "page": page_of(seen.tools if seen else [], request),
    }
    return render(request, "profiles/preview.html", context)


@needs(Power.MANAGE_PROFILES)
def delete(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    found = profile_of(request.organization, pk)
    form = ConfirmForm(found.name, request.POST or None)
    tokens, name = bound_tokens(found), found.name
    if attempt(form, lambda _given: [delete_profile(found, actor=request.actor)]) is None:
        context = {
            "active": "profiles",
            "profile": found,
            "form": form,
            "tokens": tokens,
            "people": _seen_by_all(found),
        }
        return render(request, "profiles/delete.html", context, status=400 if form.errors else 200)
    messages.success(request, f"The profile {name} was deleted.")
    return redirect("profiles:list")


def _enabled(facts: OrganizationFacts, profile: Profile) -> str:
    row = facts.profiles.get(profile.pk)
    return _counted(tool.kind for tool in facts.tools_in(row) if tool.facts.is_enabled) if row else "nothing"


def _single(profile: Profile) -> str:
    """ "single: 2 tools, 1 prompt", or nothing."""
    kinds = [tool.kind for tool in profile.tools.all()]
    return f"single: {_counted(kinds)}" if kinds else ""


def _counted(kinds: Iterable[str]) -> str:
    count = Counter(kinds)
    return offer_words(count[Tool.Kind.TOOL], count[Tool.Kind.PROMPT], count[Tool.Kind.RESOURCES])


def _seen_by_all(profile: Profile) -> list[Preview]:
    """Those whose profile it is, each with what they see."""
    facts = load_for_page(profile.organization)
    row = facts.profiles[profile.pk]
    members = sorted(facts.members.values(), key=lambda member: member.email)
    seen = (preview(facts, row, member) for member in members)
    return [one for one in seen if one.opens.is_allowed]


def _named(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "slug": given["slug"] or slug_from(given["name"], fallback="profile")}
