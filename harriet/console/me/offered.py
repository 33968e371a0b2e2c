"""A credential that somebody prepared: its person opens it here, once, and nobody else ever sees it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from harriet.console.me.page import MyPage, my_token
from harriet.lib.secret import Secret
from harriet.pages.context import show, show_once
from harriet.people.actions.make_once import Made
from harriet.people.actions.take_device_credential import GONE, take_device_credential
from harriet.people.errors import NotFound
from harriet.people.models import AccessToken, CredentialOffer
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.pages.once import made_once, secret_of, shown_once
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
    token: AccessToken
    secret: Secret | None
    """None when it was shown before."""


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def offered_credential_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Looking uses nothing up; taking does. Somebody else's is not there."""
    if request.method == "POST":
        return redirect("me:taken", made_once(request, lambda: _taken(request, pk)).pk)
    return show(request, OfferedPage(offer=_offer(request, pk)))


def _taken(request: OrganizationRequest, pk: UUID) -> Made:
    token, secret = take_device_credential(_offer(request, pk), actor=request.actor)
    return Made(token.pk, secret)


def _offer(request: OrganizationRequest, pk: UUID) -> CredentialOffer:
    offer = offers_of(request.organization, request.user).filter(pk=pk).first()
    if offer is None:
        raise NotFound(GONE)
    return offer


@require_safe
@in_organization
def taken_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The credential is shown here, once."""
    row = shown_once(request, pk)
    return show_once(request, TakenPage(token=my_token(request, row.subject), secret=secret_of(request, row)))
