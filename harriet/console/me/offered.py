"""A credential that somebody prepared: its person opens it here, once, and nobody else ever sees it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from harriet.people.actions.take_device_credential import GONE, take_device_credential
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.queries import offers_of


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def credential(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Looking uses nothing up; taking does. Somebody else's is not there."""
    offer = offers_of(request.organization, request.user).filter(pk=pk).first()
    if offer is None:
        raise NotFound(GONE)
    context = {"active": "me", "tab": "devices", "offer": offer}
    if request.method != "POST":
        return render(request, "me/offered.html", context)
    token, secret = take_device_credential(offer, actor=request.actor)
    return render(request, "me/taken.html", context | {"token": token, "secret": secret.reveal()})
