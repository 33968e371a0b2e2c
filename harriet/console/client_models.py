"""Which way each AI client can be connected: each person signs in, or a shared key; and what each means for the log."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from connectors.models import Profile
from harriet.console.me.clients import CLIENTS, ClientStep, Code, ServerEntry
from harriet.console.me.sign_in_steps import SIGN_INS, SignIn
from harriet.pages.context import PageContext, show
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.roles import Power

MOST_PROFILES = 100
_EXAMPLE = "profile"
"""Stands in the addresses while there is no profile."""
_NO_KEY = {
    "claude": "No: Claude lets nobody paste a key, and a key in the address would end up in logs.",
    "chatgpt": "No: ChatGPT signs in by OAuth or not at all.",
    "gemini": "No: Gemini Enterprise signs in by OAuth alone.",
}


@dataclass(frozen=True, slots=True)
class ClientModel:
    """One client with both ways."""

    key: str
    sign_in: SignIn | None
    """None for what has no person before it."""
    name: str
    sign_in_steps: list[ClientStep]
    key_steps: list[ClientStep]
    why_no_key: str
    """Empty where a shared key can be used."""


@dataclass(frozen=True, slots=True)
class ClientModelsPage(PageContext):
    template = "clients/models.html"
    active = "clients"
    models: list[ClientModel]
    chosen: ClientModel
    """Whose steps are shown."""
    profiles: list[Profile]
    profile: Profile | None
    can_manage: bool


@require_safe
@needs(Power.VIEW_SETTINGS)
def client_models_page(request: OrganizationRequest) -> HttpResponse:
    found = Profile.objects.filter(organization=request.organization).select_related("organization")
    profiles = list(found.order_by("name")[:MOST_PROFILES])
    wanted = request.GET.get("profile", "")
    profile = next((one for one in profiles if one.slug == wanted), profiles[0] if profiles else None)
    models = client_models(_door(request.organization, profile))
    chosen = next((one for one in models if one.key == request.GET.get("client")), models[0])
    can_manage = has_power(request.membership, Power.MANAGE_TOKENS)
    return show(request, ClientModelsPage(models, chosen, profiles, profile, can_manage))


def _door(organization: Organization, profile: Profile | None) -> ServerEntry:
    shown = profile or Profile(organization=organization, slug=_EXAMPLE)
    return ServerEntry(shown.slug, shown.url)


def client_models(door: ServerEntry) -> list[ClientModel]:
    """Clients that people use, and then programs without a person."""
    people = [
        ClientModel(one.key, one, one.name, one.steps_for(door), _key_steps(one.key, door), _NO_KEY.get(one.key, ""))
        for one in SIGN_INS.values()
    ]
    return [*people, ClientModel("scripts", None, "Scripts and servers", [], CLIENTS["curl"].steps_for(door), "")]


def _key_steps(key: str, door: ServerEntry) -> list[ClientStep]:
    if key in _NO_KEY:
        return []
    if key == "copilot-studio":
        return [
            ClientStep("Paste this address, and choose API key in a header as the way to sign in.", (Code(door.url),)),
            ClientStep("The header’s name:", (Code("Authorization"),)),
            ClientStep("Its value, with the key in place of KEY:", (Code("Bearer KEY"),)),
        ]
    return CLIENTS[key if key in CLIENTS else "claude-desktop"].steps_for(door)
