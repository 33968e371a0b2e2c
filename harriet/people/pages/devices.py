"""The page of a device, revoking devices and credentials one by one, and making shared integration keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.make_once import Made
from harriet.people.actions.rename_device import rename_device
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.actions.set_device_trust import set_device_trust
from harriet.people.models import AccessToken, Device, ServerSighting
from harriet.people.pages.forms import IntegrationKeyForm, RenameForm, TrustForm
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.once import made_once, secret_of, shown_once
from harriet.people.permissions import has_power
from harriet.people.queries import device_of, sightings_on, token_of, tokens_of
from harriet.people.roles import Power

MOST_TOKENS = 100
"""Of one device."""


@dataclass(frozen=True, slots=True)
class DevicePage(PageContext):
    template = "people/device.html"
    active = "devices"
    device: Device
    tokens: QuerySet[AccessToken]
    sightings: list[ServerSighting]
    """What it told of other servers on it."""
    rename_form: RenameForm
    trust_form: TrustForm
    can_manage: bool
    can_audit: bool


@needs(Power.VIEW_SETTINGS)
def device_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _device_shown(request, device_of(request.organization, pk))


def _device_shown(request: OrganizationRequest, device: Device, form: RenameForm | None = None) -> HttpResponse:
    """With the form that was sent when something was wrong with it."""
    can_manage = has_power(request.membership, Power.MANAGE_TOKENS)
    tokens = tokens_of(request.organization).filter(device=device)[:MOST_TOKENS]
    can_audit = has_power(request.membership, Power.VIEW_AUDIT)
    page = DevicePage(
        device=device,
        tokens=tokens,
        sightings=sightings_on([device])[device.pk],
        rename_form=form or RenameForm(initial={"name": device.name}),
        trust_form=TrustForm(initial={"trust": device.trust}),
        can_manage=can_manage,
        can_audit=can_audit,
    )
    return show(request, page, status=status_of(page.rename_form))


@require_POST
@needs(Power.MANAGE_TOKENS)
def rename_this_device(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    device, form = device_of(request.organization, pk), RenameForm(request.POST)
    renamed = attempt(form, lambda given: rename_device(device, given["name"], actor=request.actor))
    if renamed is None:
        return _device_shown(request, device, form)
    messages.success(request, f"{device.name} of {device.user} is called {renamed.name} now.")
    return redirect("devices:detail", pk)


@require_POST
@needs(Power.MANAGE_TOKENS)
def set_trust_of_device(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    device, form = device_of(request.organization, pk), TrustForm(request.POST)
    if attempt(form, lambda given: [set_device_trust(device, given["trust"], actor=request.actor)]) is None:
        messages.error(request, " ".join(str(problem) for problems in form.errors.values() for problem in problems))
    else:
        messages.success(request, f"Saved: it holds for calls from {device.name} from now on.")
    return redirect("devices:detail", pk)


@dataclass(frozen=True, slots=True)
class NewKeyPage(PageContext):
    template = "people/key_new.html"
    active = "devices"
    form: IntegrationKeyForm


@dataclass(frozen=True, slots=True)
class KeyIssuedPage(PageContext):
    template = "people/key_issued.html"
    active = "devices"
    key: AccessToken
    secret: Secret | None
    """None when it was shown before."""


@needs(Power.MANAGE_TOKENS)
def new_key_page(request: OrganizationRequest) -> HttpResponse:
    form = IntegrationKeyForm(request.organization, request.POST or None)
    made = attempt(form, lambda given: made_once(request, lambda: _issued(request, given)))
    if made is None:
        return show(request, NewKeyPage(form=form), status=status_of(form))
    return redirect("devices:key_issued", made.pk)


def _issued(request: OrganizationRequest, given: dict[str, Any]) -> Made:
    key, secret = issue_integration_key(request.organization, **given, actor=request.actor)
    return Made(key.pk, secret)


@require_safe
@needs(Power.MANAGE_TOKENS)
def key_issued_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The key is shown here, once."""
    row = shown_once(request, pk)
    key = token_of(request.organization, row.subject)
    return show_once(request, KeyIssuedPage(key=key, secret=secret_of(request, row)))


@require_POST
@needs(Power.MANAGE_TOKENS)
def revoke_this_token(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    token = token_of(request.organization, pk)
    revoke_token(token, actor=request.actor)
    messages.success(request, f"{token.name} was revoked; it opens nothing any more.")
    return redirect("devices:list")


@require_POST
@needs(Power.MANAGE_TOKENS)
def revoke_this_device(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    device = device_of(request.organization, pk)
    revoke_device(device, actor=request.actor)
    messages.success(request, f"{device.name} of {device.user} was revoked with all its credentials.")
    return redirect("devices:list")
