"""Everything that holds a token in the organization: devices, their credentials, and shared integration keys."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from harriet.pages.pagination import page_of
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.http import OrganizationRequest, needs
from harriet.people.models import AccessToken
from harriet.people.pages.forms import IntegrationKeyForm, attempt
from harriet.people.pages.people import status_of
from harriet.people.permissions import Power, has_power
from harriet.people.queries import device_of, devices_of, token_of, tokens_of


@needs(Power.VIEW_SETTINGS)
def devices(request: OrganizationRequest) -> HttpResponse:
    tokens = tokens_of(request.organization)
    context = {
        "active": "devices",
        "page": page_of(devices_of(request.organization), request),
        "keys": tokens.filter(kind=AccessToken.Kind.INTEGRATION),
        "tokens": tokens.exclude(kind=AccessToken.Kind.INTEGRATION)[:500],
        "can_manage": has_power(request.membership, Power.MANAGE_TOKENS),
    }
    return render(request, "people/devices.html", context)


@needs(Power.MANAGE_TOKENS)
def new_key(request: OrganizationRequest) -> HttpResponse:
    form = IntegrationKeyForm(request.organization, request.POST or None)
    made = attempt(form, lambda given: issue_integration_key(request.organization, **given, actor=request.actor))
    if made is None:
        return render(request, "people/key_new.html", {"active": "devices", "form": form}, status=status_of(form))
    key, secret = made
    context = {"active": "devices", "key": key, "secret": secret.reveal()}
    return render(request, "people/key_issued.html", context)


@require_POST
@needs(Power.MANAGE_TOKENS)
def revoke_one_token(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    token = token_of(request.organization, pk)
    revoke_token(token, actor=request.actor)
    messages.success(request, f"{token.name} was revoked; it opens nothing any more.")
    return redirect("devices:list")


@require_POST
@needs(Power.MANAGE_TOKENS)
def revoke_one_device(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    device = device_of(request.organization, pk)
    revoke_device(device, actor=request.actor)
    messages.success(request, f"{device.name} of {device.user} was revoked with all its credentials.")
    return redirect("devices:list")
