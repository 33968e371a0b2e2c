"""A credential that somebody prepared: its person opens it here, once, and nobody else ever sees it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from harriet.console.me.page import MyPage
from harriet.lib.secret import Secret
from harriet.pages.context import show, show_once
from harriet.people.actions.take_device_credential import GONE, take_device_credential
from harriet.people.errors import NotFound
from harriet.people.models import AccessToken, CredentialOffer
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.queries import offers_of


@dataclass(frozen=True, slots=True)
class OfferedPage(MyPage):
    template = "me/offered.html"
    tab = "devices"
    offer: CredentialOffer


@dataclass(frozen=True, slots=True)
class TakenPage(MyPage):
    template = "me/taken.html"
    tab = "devices"
    offer: CredentialOffer
    token: AccessToken
    secret: Secret


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def offered_credential_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Looking uses nothing up; taking does. Somebody else's is not there."""
    offer = offers_of(request.organization, request.user).filter(pk=pk).first()
    if offer is None:
        raise NotFound(GONE)
    if request.method != "POST":
        return show(request, OfferedPage(offer=offer))
    token, secret = take_device_credential(offer, actor=request.actor)
    return show_once(request, TakenPage(offer=offer, token=token, secret=secret))
