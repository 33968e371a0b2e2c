"""Inviting a device of somebody, and taking that back: they set it up, and nobody else sees what it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.invite_device import invite_device
from harriet.people.actions.withdraw_device_invitation import withdraw_device_invitation
from harriet.people.models import DeviceInvitation, Membership
from harriet.people.pages.forms import InviteDeviceForm
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.once import first_of
from harriet.people.queries import enrolment_path, open_device_invitations, or_not_found, person_of
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class InviteDevicePage(PageContext):
    template = "people/invite_device.html"
    active = "people"
    person: Membership
    form: InviteDeviceForm


@dataclass(frozen=True, slots=True)
class DeviceInvitedPage(PageContext):
    template = "people/device_invited.html"
    active = "people"
    invitation: DeviceInvitation
    person_id: UUID
    link: str
    has_mail: bool


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_TOKENS)
def invite_device_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Sent twice, the form invites once."""
    person, form = person_of(request.organization, pk), InviteDeviceForm(request.POST or None)

    def invited(given: dict[str, Any]) -> UUID:
        make = lambda: invite_device(request.organization, person.user, **given, actor=request.actor).pk  # noqa: E731
        return first_of(request, make)

    invitation_id = attempt(form, invited)
    if invitation_id is not None:
        return redirect("devices:invited", invitation_id)
    return show(request, InviteDevicePage(person=person, form=form), status=status_of(form))


@require_safe
@needs(Power.MANAGE_TOKENS)
def device_invited_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The link holds no secret: it opens for its person alone."""
    invitation = _invitation(request, pk)
    person = Membership.objects.get(organization=request.organization, user=invitation.user)
    page = DeviceInvitedPage(
        invitation=invitation,
        person_id=person.pk,
        link=settings.BASE_URL + enrolment_path(invitation.pk),
        has_mail=bool(settings.EMAIL_URL),
    )
    return show(request, page)


@require_POST
@needs(Power.MANAGE_TOKENS)
def withdraw_this_device_invitation(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    invitation = _invitation(request, pk)
    withdraw_device_invitation(invitation, actor=request.actor)
    messages.success(request, f"The invitation to set up {invitation.device_name} was withdrawn.")
    return redirect("devices:list")


def _invitation(request: OrganizationRequest, pk: UUID) -> DeviceInvitation:
    found = open_device_invitations().filter(organization=request.organization, pk=pk).first()
    return or_not_found(found, "There is no such open invitation: it was used or withdrawn, or is older than 24 hours.")
