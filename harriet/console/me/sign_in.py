"""Connecting a client by signing in: the address, the steps of the client, and nothing to copy that is a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from connectors.models import Profile
from connectors.queries import profiles_for
from harriet.console.me.clients import ClientStep, ServerEntry
from harriet.console.me.page import MyPage
from harriet.console.me.sign_in_steps import SIGN_INS, SignIn
from harriet.pages.context import show
from harriet.people.pages.guards import OrganizationRequest, in_organization

MOST_PROFILES = 100


@dataclass(frozen=True, slots=True)
class SignInPage(MyPage):
    template = "me/sign_in.html"
    tab = "connect"
    client: SignIn
    profile: Profile | None
    profiles: list[Profile]
    steps: list[ClientStep]
    clients: Mapping[str, SignIn]


@require_safe
@in_organization
def sign_in_page(request: OrganizationRequest) -> HttpResponse:
    """Whatever is not known in the address is answered with the first of them: the page is made of two choices."""
    profiles = list(profiles_for(request.membership)[:MOST_PROFILES])
    wanted, key = request.GET.get("profile", ""), request.GET.get("client", "")
    profile = next((one for one in profiles if one.slug == wanted), profiles[0] if profiles else None)
    client = SIGN_INS.get(key) or SIGN_INS["claude-code"]
    steps = client.steps_for(ServerEntry(profile.slug, profile.url)) if profile else []
    return show(request, SignInPage(client, profile, profiles, steps, SIGN_INS))
