"""My devices: registering and revoking them, their credentials, and tokens for the REST API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from harriet.console.me.enrolment.forms import BeginForm
from harriet.console.me.forms import DeviceForm, PersonalTokenForm
from harriet.console.me.page import MyPage, my_token
from harriet.lib.secret import Secret
from harriet.pages.context import show, show_once
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.make_once import Made
from harriet.people.actions.register_device import register_device
from harriet.people.actions.rename_device import rename_device
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.actions.set_device_trust import set_device_trust
from harriet.people.errors import NotFound
from harriet.people.models import AccessToken, CredentialOffer, Device, DeviceInvitation, ServerSighting
from harriet.people.pages.forms import TrustForm
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.pages.once import made_once, secret_of, shown_once
from harriet.people.queries import device_invitations_of, machines_of, offers_of, sightings_on, tokens_of

MOST_DEVICES, MOST_TOKENS = 100, 500
"""Of one person, on this page."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    device: Device
    tokens: list[AccessToken]
    rename_form: DeviceForm
    trust_form: TrustForm
    reported: list[ServerSighting]
    """What the device told of other servers on it."""


@dataclass(frozen=True, slots=True)
class MyDevicesPage(MyPage):
    template = "me/devices.html"
    tab = "devices"
    devices: list[DeviceRow]
    offers: QuerySet[CredentialOffer]
    invitations: QuerySet[DeviceInvitation]
    """Devices that are being set up with a code."""
    begin_form: BeginForm
    personal: list[AccessToken]
    device_form: DeviceForm
    token_form: PersonalTokenForm


@in_organization
def my_devices_page(request: OrganizationRequest) -> HttpResponse:
    return _shown(request)


def _shown(
    request: OrganizationRequest,
    *,
    device_form: DeviceForm | None = None,
    token_form: PersonalTokenForm | None = None,
    renamed: tuple[UUID, DeviceForm] | None = None,
) -> HttpResponse:
    """The page, with the form that was sent when something was wrong with it."""
    tokens = list(tokens_of(request.organization, request.user)[:MOST_TOKENS])
    renaming = dict([renamed] if renamed else [])
    devices = list(machines_of(request.organization, request.user)[:MOST_DEVICES])
    reported = sightings_on(devices)
    page = MyDevicesPage(
        devices=[
            DeviceRow(
                device,
                [token for token in tokens if token.device_id == device.pk],
                renaming.get(device.pk) or DeviceForm(initial={"name": device.name}, auto_id=f"id_%s_{device.pk.hex}"),
                TrustForm(initial={"trust": device.trust}, auto_id=f"id_%s_{device.pk.hex}"),
                reported[device.pk],
            )
            for device in devices
        ],
        offers=offers_of(request.organization, request.user),
        invitations=device_invitations_of(request.organization, request.user),
        begin_form=BeginForm(auto_id="id_begin_%s"),
        personal=[token for token in tokens if token.kind == AccessToken.Kind.PERSONAL],
        device_form=device_form or DeviceForm(),
        token_form=token_form or PersonalTokenForm(),
    )
    return show(request, page, status=status_of(page.device_form, page.token_form, *renaming.values()))


@require_POST
@in_organization
def register_my_device(request: OrganizationRequest) -> HttpResponse:
    form, person = DeviceForm(request.POST), request.user
    made = attempt(form, lambda given: register_device(request.organization, person, **given, actor=request.actor))
    if made is None:
        return _shown(request, device_form=form)
    messages.success(request, f"{made.name} was registered. Connect a client to give it a credential.")
    return redirect("me:devices")


def _my_device(request: OrganizationRequest, pk: UUID) -> Device:
    device = machines_of(request.organization, request.user).filter(pk=pk).first()
    if device is None:
        raise NotFound("You have no such device.")
    return device


@require_POST
@in_organization
def rename_my_device(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    device, form = _my_device(request, pk), DeviceForm(request.POST, auto_id=f"id_%s_{pk.hex}")
    renamed = attempt(form, lambda given: rename_device(device, given["name"], actor=request.actor))
    if renamed is None:
        return _shown(request, renamed=(pk, form))
    messages.success(request, f"{device.name} is called {renamed.name} now. Its credentials work on.")
    return redirect("me:devices")


@require_POST
@in_organization
def set_trust_of_my_device(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    device, form = _my_device(request, pk), TrustForm(request.POST)
    if attempt(form, lambda given: [set_device_trust(device, given["trust"], actor=request.actor)]) is None:
        messages.error(request, " ".join(str(problem) for problems in form.errors.values() for problem in problems))
    else:
        messages.success(request, f"Saved: it holds for calls from {device.name} from now on.")
    return redirect("me:devices")


@require_POST
@in_organization
def revoke_my_device(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    device = _my_device(request, pk)
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


@dataclass(frozen=True, slots=True)
class TokenPage(MyPage):
    template = "me/token.html"
    tab = "devices"
    token: AccessToken
    secret: Secret | None
    """None when it was shown before."""


@require_POST
@in_organization
def issue_my_token(request: OrganizationRequest) -> HttpResponse:
    """Sent twice, the form issues one."""
    form = PersonalTokenForm(request.POST)
    made = attempt(form, lambda given: made_once(request, lambda: _issued(request, given)))
    if made is None:
        return _shown(request, token_form=form)
    return redirect("me:token", made.pk)


def _issued(request: OrganizationRequest, given: dict[str, Any]) -> Made:
    token, secret = issue_personal_token(request.organization, request.user, **given, actor=request.actor)
    return Made(token.pk, secret)


@require_safe
@in_organization
def my_token_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The token is shown here, once."""
    row = shown_once(request, pk)
    return show_once(request, TokenPage(token=my_token(request, row.subject), secret=secret_of(request, row)))
