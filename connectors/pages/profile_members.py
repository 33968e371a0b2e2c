"""The people who are named in a profile, and its single tools: lists of any length, out of which one can be taken."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.actions.change_profile import change_profile
from connectors.models import Profile
from connectors.pages.fields import PeopleOfProfile, ToolsOfProfile
from connectors.queries import profile_of
from harriet.lib.changed import Changed
from harriet.pages.context import PageContext, show
from harriet.pages.long_list import LongList, long_list
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class ProfileMembersPage(PageContext):
    template = "profiles/members.html"
    active = "profiles"
    profile: Profile
    what: str
    """ "people" or "tools"."""
    members: LongList
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def profile_members_page(request: OrganizationRequest, pk: UUID, what: str) -> HttpResponse:
    profile = profile_of(request.organization, pk)
    can_manage = has_power(request.membership, Power.MANAGE_PROFILES)
    members = long_list(_source(what)(profile), request.GET)
    return show(request, ProfileMembersPage(profile=profile, what=what, members=members, can_manage=can_manage))


@require_POST
@needs(Power.MANAGE_PROFILES)
def remove_from_profile(request: OrganizationRequest, pk: UUID, what: str, member_pk: UUID) -> HttpResponse:
    profile = profile_of(request.organization, pk)
    _source(what)
    gone: Changed[object] = Changed([], [member_pk])
    if not change_profile(profile, **{what: gone}, actor=request.actor):  # type: ignore[arg-type]
        raise Http404("It is not in the profile.")
    messages.success(request, f"Taken out of the profile {profile}.")
    return redirect("profiles:members", pk, what)


def _source(what: str) -> type[PeopleOfProfile] | type[ToolsOfProfile]:
    if what not in _SOURCES:
        raise Http404
    return _SOURCES[what]


_SOURCES: dict[str, type[PeopleOfProfile] | type[ToolsOfProfile]] = {"people": PeopleOfProfile, "tools": ToolsOfProfile}
