"""Revoking several devices, credentials or shared keys that were ticked in their lists."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from harriet.pages.tables.bulk import BulkAction, Noun, ticked_ids
from harriet.pages.tables.bulk_page import BulkPage, preview_or_do
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.models import AccessToken, Device
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import devices_of, tokens_of
from harriet.people.roles import Power

DEVICES, TOKENS = Noun("device", "devices"), Noun("credential", "credentials")


class BulkDevicesPage(BulkPage):
    __slots__ = ()
    template = "tables/bulk.html"
    active = "devices"
    list_name = "Devices"


@require_POST
@needs(Power.MANAGE_TOKENS)
def change_many_devices(request: OrganizationRequest) -> HttpResponse:
    action: BulkAction[Device] = BulkAction(
        "revoke",
        "Revoke",
        "revoked",
        DEVICES,
        do=lambda one: revoke_device(one, actor=request.actor),
        name=lambda one: f"{one.name} of {one.user}",
        note="All credentials on them stop working within a second. This can't be undone: they are connected anew.",
        is_danger=True,
    )
    rows = list(devices_of(request.organization).filter(pk__in=ticked_ids(request.POST)))
    return preview_or_do(request, BulkDevicesPage, action, rows, back=reverse("devices:list"))


@require_POST
@needs(Power.MANAGE_TOKENS)
def change_many_tokens(request: OrganizationRequest) -> HttpResponse:
    action: BulkAction[AccessToken] = BulkAction(
        "revoke",
        "Revoke",
        "revoked",
        TOKENS,
        do=lambda one: revoke_token(one, actor=request.actor),
        name=lambda one: f"{one} of {one.user or 'nobody: shared'}",
        note="They open nothing any more, within a second. This can't be undone.",
        is_danger=True,
    )
    rows = list(tokens_of(request.organization).filter(pk__in=ticked_ids(request.POST)))
    return preview_or_do(request, BulkDevicesPage, action, rows, back=reverse("devices:list"))
