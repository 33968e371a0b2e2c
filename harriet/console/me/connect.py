"""Connecting a client: it gets a credential of its own for one profile, and the steps with everything filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from connectors.models import Profile
from connectors.queries import MOST_PROFILES, profiles_for
from harriet.console.me.clients import CLIENTS, PASTE, PLACEHOLDER, Client, ClientStep, Code, ServerEntry, keeping
from harriet.console.me.forms import ConnectForm
from harriet.console.me.page import MyPage, my_token
from harriet.lib.secret import Secret
from harriet.pages.context import show, show_once
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.make_once import Made
from harriet.people.actions.register_device import register_device
from harriet.people.errors import NotFound
from harriet.people.models import AccessToken
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.pages.once import made_once, secret_of, shown_once
from harriet.people.queries import machines_of

SOON = timedelta(minutes=30)
"""In which the first call comes when somebody goes through the steps."""


@dataclass(frozen=True, slots=True)
class ConnectPage(MyPage):
    template = "me/connect.html"
    tab = "connect"
    form: ConnectForm
    profiles: list[Profile]


@in_organization
def connect_page(request: OrganizationRequest) -> HttpResponse:
    """Choose a client, a profile and a device. Sent twice, the form issues one credential."""
    form = ConnectForm(request.membership, request.POST or None, initial=_suggested(request))
    made = attempt(form, lambda given: made_once(request, lambda: _issue(request, form)))
    if made is not None:
        return redirect("me:connected", made.pk, form.cleaned_data["client"])
    page = ConnectPage(form=form, profiles=list(profiles_for(request.membership)[:MOST_PROFILES]))
    return show(request, page, status=status_of(form))


def _suggested(request: OrganizationRequest) -> dict[str, object]:
    """What is most likely, so that most people only press the button."""
    system = request.headers.get("User-Agent", "")
    name = next((words for mark, words in _COMPUTERS if mark in system), "My computer")
    last = machines_of(request.organization, request.user).order_by("-created_at").first()
    return {"device": last.pk if last else None, "device_name": name, **request.GET.dict()}


_COMPUTERS = (
    ("iPhone", "My phone"),
    ("Android", "My phone"),
    ("Macintosh", "My Mac"),
    ("Windows", "My Windows computer"),
    ("Linux", "My Linux computer"),
)
"""What a browser says of where it runs, and how people would call it."""


def _issue(request: OrganizationRequest, form: ConnectForm) -> Made:
    """A new device is only kept when its credential could be issued."""
    given = form.cleaned_data
    with transaction.atomic():
        device = form.device() or register_device(
            request.organization, request.user, given["device_name"], actor=request.actor
        )
        token, secret = issue_device_credential(
            device,
            name=f"{CLIENTS[given['client']].name} with {given['profile'].name}"[:80],
            expires_in_days=given["expires_in_days"],
            profile_id=given["profile"].pk,
            actor=request.actor,
        )
    return Made(token.pk, secret)


@dataclass(frozen=True, slots=True)
class ShownClient:
    client: Client
    steps: list[ClientStep]


@dataclass(frozen=True, slots=True)
class ConnectedPage(MyPage):
    """The one place for the credential, how it is kept, the steps, and whether the first call has come."""

    template = "me/connected.html"
    tab = "connect"
    client: Client
    profile: Profile
    token: AccessToken
    secret: Secret | None
    """None when it was shown before."""
    keeping: tuple[Code, ...]
    """The commands that put it into the environment."""
    steps: list[ClientStep]
    others: list[ShownClient]
    is_late: bool
    """No call has come for so long that something in the steps must have gone otherwise."""


@require_safe
@in_organization
def connected_page(request: OrganizationRequest, pk: UUID, key: str) -> HttpResponse:
    """Loaded again, it has everything but the credential. Its live part asks for itself alone, and uses nothing up."""
    row = shown_once(request, pk)
    token = my_token(request, row.subject)
    profile = profiles_for(request.membership).filter(pk__in=[token.profile_id]).first()
    if profile is None or key not in CLIENTS:
        raise NotFound("You have no such profile, or Harriet knows no such client.")
    is_part = request.headers.get("HX-Target") == "live"
    secret = None if is_part else secret_of(request, row)
    door, chosen = ServerEntry(profile.slug, profile.url, secret.reveal() if secret else PASTE), CLIENTS[key]
    return show_once(
        request,
        ConnectedPage(
            client=chosen,
            profile=profile,
            token=token,
            secret=secret,
            keeping=keeping(secret.reveal()) if secret else (),
            steps=chosen.steps_for(door),
            others=[ShownClient(one, one.steps_for(door)) for one in CLIENTS.values() if one is not chosen],
            is_late=timezone.now() - row.created_at > SOON,
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
    keeping: tuple[Code, ...] = keeping(PLACEHOLDER)


@in_organization
def client_page(request: OrganizationRequest, profile: str, key: str) -> HttpResponse:
    """The steps again, for somebody who has the token already."""
    found = profiles_for(request.membership).filter(slug=profile).first()
    if found is None or key not in CLIENTS:
        raise NotFound("You have no such profile, or Harriet knows no such client.")
    steps = CLIENTS[key].steps_for(ServerEntry(found.slug, found.url))
    return show(request, ClientPage(client=CLIENTS[key], profile=found, steps=steps, clients=CLIENTS))
