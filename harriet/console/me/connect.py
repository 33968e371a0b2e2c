"""Connecting a client: it gets a credential of its own for one profile, and the steps with everything filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, JsonResponse

from connectors.models import Profile
from connectors.queries import profiles_for
from harriet.console.me.clients import CLIENTS, PLACEHOLDER, Client, ClientStep, ServerEntry
from harriet.console.me.forms import ConnectForm
from harriet.console.me.page import MyPage, my_token
from harriet.lib.secret import Secret
from harriet.pages.context import show, show_once
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.issue_device_credential import IssuedToken, issue_device_credential
from harriet.people.actions.register_device import register_device
from harriet.people.errors import NotFound
from harriet.people.models import AccessToken
from harriet.people.pages.guards import OrganizationRequest, in_organization


@dataclass(frozen=True, slots=True)
class ConnectPage(MyPage):
    template = "me/connect.html"
    tab = "connect"
    form: ConnectForm
    profiles: list[Profile]


@in_organization
def connect_page(request: OrganizationRequest) -> HttpResponse:
    """Choose a client, a profile and a device; the answer holds the steps with the token, this once."""
    form = ConnectForm(request.membership, request.POST or None, initial=request.GET.dict())
    issued = attempt(form, lambda given: _issue(request, form))
    if issued is not None:
        return _connected(request, form, *issued)
    page = ConnectPage(form=form, profiles=list(profiles_for(request.membership)))
    return show(request, page, status=status_of(form))


def _issue(request: OrganizationRequest, form: ConnectForm) -> IssuedToken:
    """A new device is only kept when its credential could be issued."""
    given = form.cleaned_data
    with transaction.atomic():
        device = form.device() or register_device(
            request.organization, request.user, given["device_name"], actor=request.actor
        )
        return issue_device_credential(
            device,
            name=f"{CLIENTS[given['client']].name} with {given['profile'].name}"[:80],
            expires_in_days=given["expires_in_days"],
            profile_id=given["profile"].pk,
            actor=request.actor,
        )


@dataclass(frozen=True, slots=True)
class OtherClient:
    client: Client
    steps: list[ClientStep]


@dataclass(frozen=True, slots=True)
class ConnectedPage(MyPage):
    """The steps hold the secret, too."""

    template = "me/connected.html"
    tab = "connect"
    client: Client
    profile: Profile
    token: AccessToken
    secret: Secret
    steps: list[ClientStep]
    others: list[OtherClient]


def _connected(request: OrganizationRequest, form: ConnectForm, token: AccessToken, secret: Secret) -> HttpResponse:
    profile, chosen = form.cleaned_data["profile"], CLIENTS[form.cleaned_data["client"]]
    door = _door(profile, secret.reveal())
    others = [OtherClient(client, client.steps_for(door)) for client in CLIENTS.values() if client is not chosen]
    return show_once(
        request,
        ConnectedPage(
            client=chosen, profile=profile, token=token, secret=secret, steps=chosen.steps_for(door), others=others
        ),
    )


@dataclass(frozen=True, slots=True)
class ClientPage(MyPage):
    template = "me/client.html"
    tab = "connect"
    client: Client
    profile: Profile
    steps: list[ClientStep]
    clients: Mapping[str, Client]


@in_organization
def client_page(request: OrganizationRequest, profile: str, key: str) -> HttpResponse:
    """The steps again, for somebody who has the token already."""
    found = profiles_for(request.membership).filter(slug=profile).first()
    if found is None or key not in CLIENTS:
        raise NotFound("You have no such profile, or Harriet knows no such client.")
    steps = CLIENTS[key].steps_for(_door(found, PLACEHOLDER))
    return show(request, ClientPage(client=CLIENTS[key], profile=found, steps=steps, clients=CLIENTS))


def _door(profile: Profile, token: str) -> ServerEntry:
    return ServerEntry(profile.slug, profile.url, token)


@dataclass(frozen=True, slots=True)
class ArrivalPage(MyPage):
    template = "me/arrival.html"
    tab = "connect"
    token: AccessToken


@in_organization
def arrival_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Has the first call come? A page for people, JSON for the page's script."""
    token = my_token(request, pk)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"arrived": token.last_seen_at is not None})
    return show(request, ArrivalPage(token=token))
