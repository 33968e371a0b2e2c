"""The pages of setting up a device, for its person: the invitation, and the code with what to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from harriet.console.me.clients import CLIENTS, Code
from harriet.console.me.enrolment.forms import BeginForm, SetUpForm
from harriet.console.me.enrolment.sent_scripts import Script, powershell_script, shell_script
from harriet.console.me.page import MyPage
from harriet.lib.secret import Secret
from harriet.pages.context import show, show_once
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.invite_device import invite_device
from harriet.people.actions.make_enrolment_code import GONE, make_enrolment_code
from harriet.people.actions.make_once import Made
from harriet.people.actions.withdraw_device_invitation import withdraw_device_invitation
from harriet.people.errors import NotFound
from harriet.people.models import DeviceInvitation
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.pages.once import first_of, made_once, secret_of, shown_once
from harriet.people.queries import device_invitations_of, or_not_found

NOT_FOR_YOU = (
    "Only the person whom this invitation is for can open it, signed in to their organization, within 24 hours, once. "
    "If it was yours, make another under My AI, Devices."
)


@dataclass(frozen=True, slots=True)
class SetUpPage(MyPage):
    template = "me/enrol.html"
    tab = "devices"
    invitation: DeviceInvitation
    form: SetUpForm


@require_POST
@in_organization
def begin_enrolment(request: OrganizationRequest) -> HttpResponse:
    """For a device of one's own; sent twice, it begins one."""
    form, person = BeginForm(request.POST), request.user

    def begun(given: dict[str, Any]) -> UUID:
        made = lambda: invite_device(request.organization, person, **given, actor=request.actor).pk  # noqa: E731
        return first_of(request, made)

    invitation_id = attempt(form, begun)
    if invitation_id is None:
        messages.error(request, "Give the device a name of at most 80 characters, such as Work laptop.")
        return redirect("me:devices")
    return redirect("enrol:invitation", invitation_id)


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def invitation_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Looking uses nothing up. Sent twice, the form makes one code."""
    invitation = _mine(request, pk)
    first = {"device_name": invitation.device_name, "expires_in_days": invitation.expires_in_days}
    form = SetUpForm(request.membership, request.POST or None, initial=first)
    made = attempt(form, lambda given: made_once(request, lambda: _code(request, invitation, given)))
    if made is not None:
        return redirect("enrol:code", pk, made.pk)
    return show(request, SetUpPage(invitation=invitation, form=form), status=status_of(form))


def _code(request: OrganizationRequest, invitation: DeviceInvitation, given: dict[str, Any]) -> Made:
    given = given | {"profile_id": given["profile"].pk}
    del given["profile"]
    return Made(invitation.pk, make_enrolment_code(invitation, **given, actor=request.actor))


def _mine(request: OrganizationRequest, pk: UUID) -> DeviceInvitation:
    mine = device_invitations_of(request.organization, request.user)
    return or_not_found(mine.filter(pk=pk).first(), NOT_FOR_YOU)


@dataclass(frozen=True, slots=True)
class CodePage(MyPage):
    template = "me/enrol_code.html"
    tab = "devices"
    invitation: DeviceInvitation
    client_name: str
    code: Secret | None
    """None when it was shown before."""
    scripts: tuple[Script, ...]
    commands: tuple[Code, ...]
    """How the script is fetched and run, on each system."""
    code_page: str


@require_safe
@in_organization
def code_page(request: OrganizationRequest, pk: UUID, made: UUID) -> HttpResponse:
    """The code is shown here, once. Its live part asks for itself alone, and uses nothing up."""
    row = shown_once(request, made)
    mine = DeviceInvitation.objects.filter(pk=pk, user=request.user, organization=request.organization)
    invitation = mine.select_related("device").first()
    if invitation is None or row.subject != pk or invitation.client not in CLIENTS:
        raise NotFound(GONE)
    is_part = request.headers.get("HX-Target") == "live"
    page = CodePage(
        invitation=invitation,
        client_name=CLIENTS[invitation.client].name,
        code=None if is_part else secret_of(request, row),
        scripts=(shell_script(), powershell_script()),
        commands=_commands(),
        code_page=f"{settings.BASE_URL}/enrol/",
    )
    return show_once(request, page)


def _commands() -> tuple[Code, ...]:
    """In two lines, so that whoever likes can read the script before it runs."""
    unix, windows = f"{settings.BASE_URL}/enrol/script.sh", f"{settings.BASE_URL}/enrol/script.ps1"
    return (
        Code(f"curl -fsS -o harriet.sh {unix}\nsh harriet.sh", "macOS and Linux"),
        Code(
            f"Invoke-WebRequest -UseBasicParsing -OutFile harriet.ps1 {windows}\n"
            "powershell -ExecutionPolicy Bypass -File harriet.ps1",
            "Windows (PowerShell)",
        ),
    )


@require_POST
@in_organization
def withdraw_my_invitation(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    invitation = _mine(request, pk)
    withdraw_device_invitation(invitation, actor=request.actor)
    messages.success(request, f"Setting up {invitation.device_name} was called off; its code opens nothing any more.")
    return redirect("me:devices")
