"""My AI: what a person's own clients may do and did, their devices, and connecting a client."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from approvals.queries import tickets_for, waiting_for
from connectors.models import Profile
from connectors.queries import profiles_for
from harriet.console.me.activity import calls_of
from harriet.console.me.clients import CLIENTS, PLACEHOLDER, Door
from harriet.console.me.forms import ConnectForm, DeviceForm, PersonalTokenForm
from harriet.lib.secret import Secret
from harriet.pages.forms import attempt
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.register_device import register_device
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.errors import NotFound
from harriet.people.models import AccessToken
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.queries import devices_of, invitations_for, offers_of, tokens_of


@in_organization
def home(request: OrganizationRequest) -> HttpResponse:
    context = {
        "profiles": with_addresses(request, list(profiles_for(request.membership))),
        "devices": devices_of(request.organization, request.user),
        "waiting": waiting_for(request.membership)[:5],
        "invitations": invitations_for(request.user),
        "calls": calls_of(request.organization.pk, request.user.pk, most=5),
    }
    return shown(request, "me/home.html", "home", context)


@in_organization
def activity(request: OrganizationRequest) -> HttpResponse:
    calls = calls_of(request.organization.pk, request.user.pk, most=200)
    return shown(request, "me/activity.html", "activity", {"calls": calls})


@in_organization
def waiting(request: OrganizationRequest) -> HttpResponse:
    """What I can decide, and what of mine waits for others."""
    asked = tickets_for(request.membership).filter(action__user=request.user, action__state="waiting")
    context = {"to_decide": waiting_for(request.membership)[:100], "asked": asked[:100]}
    return shown(request, "me/waiting.html", "waiting", context)


@in_organization
def devices(request: OrganizationRequest) -> HttpResponse:
    return devices_page(request)


def devices_page(request: OrganizationRequest, **forms: Any) -> HttpResponse:
    tokens = list(tokens_of(request.organization, request.user))
    context = {
        "devices": [
            (device, [token for token in tokens if token.device_id == device.pk])
            for device in devices_of(request.organization, request.user)
        ],
        "offers": offers_of(request.organization, request.user),
        "personal": [token for token in tokens if token.kind == AccessToken.Kind.PERSONAL],
        "device_form": DeviceForm(),
        "token_form": PersonalTokenForm(),
        **forms,
    }
    return shown(request, "me/devices.html", "devices", context, status=400 if forms else 200)


@require_POST
@in_organization
def register(request: OrganizationRequest) -> HttpResponse:
    form = DeviceForm(request.POST)
    made = attempt(
        form, lambda given: register_device(request.organization, request.user, given["name"], actor=request.actor)
    )
    if made is None:
        return devices_page(request, device_form=form)
    messages.success(request, f"{made.name} was registered. Connect a client to give it a credential.")
    return redirect("me:devices")


@require_POST
@in_organization
def revoke_my_device(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    device = devices_of(request.organization, request.user).filter(pk=pk).first()
    if device is None:
        raise NotFound("You have no such device.")
    revoke_device(device, actor=request.actor)
    messages.success(request, f"{device.name} was revoked with all its credentials.")
    return redirect("me:devices")


@require_POST
@in_organization
def revoke_my_token(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    token = my_token(request, pk)
    revoke_token(token, actor=request.actor)
    messages.success(request, f"{token.name} was revoked; it opens nothing any more.")
    return redirect("me:devices")


@require_POST
@in_organization
def personal_token(request: OrganizationRequest) -> HttpResponse:
    """The token is shown in the answer, this once."""
    form = PersonalTokenForm(request.POST)
    made = attempt(
        form, lambda given: issue_personal_token(request.organization, request.user, **given, actor=request.actor)
    )
    if made is None:
        return devices_page(request, token_form=form)
    token, secret = made
    return shown(request, "me/token.html", "devices", {"token": token, "secret": secret.reveal()})


@in_organization
def connect(request: OrganizationRequest) -> HttpResponse:
    """Choose a client, a profile and a device; the answer holds the steps with the token, this once."""
    form = ConnectForm(request.membership, request.POST or None, initial=request.GET.dict())
    issued = attempt(form, lambda given: issue(request, form))
    if issued is not None:
        return connected(request, form, *issued)
    profiles = with_addresses(request, list(profiles_for(request.membership)))
    context = {"form": form, "profiles": profiles}
    return shown(request, "me/connect.html", "connect", context, status=400 if form.is_bound else 200)


def issue(request: OrganizationRequest, form: ConnectForm) -> tuple[AccessToken, Secret]:
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


def connected(request: OrganizationRequest, form: ConnectForm, token: AccessToken, secret: Secret) -> HttpResponse:
    profile, chosen = form.cleaned_data["profile"], CLIENTS[form.cleaned_data["client"]]
    door = door_of(request, profile, secret.reveal())
    context = {
        "client": chosen,
        "profile": profile,
        "token": token,
        "secret": door.token,
        "steps": chosen.steps_for(door),
        "others": [(client, client.steps_for(door)) for client in CLIENTS.values() if client is not chosen],
    }
    return shown(request, "me/connected.html", "connect", context)


@in_organization
def client(request: OrganizationRequest, profile: str, key: str) -> HttpResponse:
    """The steps again, for somebody who has the token already."""
    found = profiles_for(request.membership).filter(slug=profile).first()
    if found is None or key not in CLIENTS:
        raise NotFound("You have no such profile, or Harriet knows no such client.")
    door = door_of(request, found, PLACEHOLDER)
    context = {"client": CLIENTS[key], "profile": found, "steps": CLIENTS[key].steps_for(door), "clients": CLIENTS}
    return shown(request, "me/client.html", "connect", context)


@in_organization
def arrival(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Has the first call come? A page for people, JSON for the page's script."""
    token = my_token(request, pk)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"arrived": token.last_seen_at is not None})
    return shown(request, "me/arrival.html", "connect", {"token": token})


def my_token(request: OrganizationRequest, pk: UUID) -> AccessToken:
    token = tokens_of(request.organization, request.user).filter(pk=pk).first()
    if token is None:
        raise NotFound("You have no such token.")
    return token


def address_of(request: OrganizationRequest, profile: Profile) -> str:
    return f"{settings.BASE_URL}/mcp/{request.organization.slug}/{profile.slug}"


def door_of(request: OrganizationRequest, profile: Profile, token: str) -> Door:
    return Door(profile.slug, address_of(request, profile), token)


def with_addresses(request: OrganizationRequest, profiles: list[Profile]) -> list[tuple[Profile, str]]:
    return [(profile, address_of(request, profile)) for profile in profiles]


def shown(
    request: OrganizationRequest, template: str, tab: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, template, {"active": "me", "tab": tab} | context, status=status)
