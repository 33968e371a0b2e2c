"""Where a person types the code that a client on another device shows them (RFC 8628 §3.3), and says yes or no."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.core.internal import ratelimit
from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from connectors.models import Profile
from connectors.queries import profiles_for
from harriet.lib.database_clock import database_now
from harriet.pages.context import PageContext, show
from harriet.pages.forms import status_of
from harriet.people.actors import actor_of
from harriet.people.middleware import admitted
from harriet.people.models import Membership, Organization, User
from harriet.signin.actions.answer_device_code import allow_device_code, refuse_device_code, waiting_code
from harriet.signin.actions.connect_app import Consent, connect_app, refuse_app
from harriet.signin.actions.tell_of_waiting_client import tell_of_waiting_client
from harriet.signin.models import Application, DeviceCode
from harriet.signin.pages.authorize import StoppedPage, show_consent, show_stopped
from harriet.signin.pages.consent import ConsentForm, ConsentPage, tool_groups
from harriet.signin.protocol.addresses import profile_slug_in
from harriet.signin.server.clients import client_problem
from harriet.signin.steps import note_step

_TRIES = {"device_code": "10/5m/key,40/h/key"}
_NOT_RIGHT = "This code is not right, was used, or is older than 15 minutes. Look at the device once more."
_TOO_MANY = "Too many codes were tried with your account. Wait five minutes, then start again from the client."


class CodeForm(forms.Form):
    user_code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


@dataclass(frozen=True, slots=True)
class TypeCodePage(PageContext):
    template = "signin/type_code.html"
    form: CodeForm
    signed_in: str


@dataclass(frozen=True, slots=True)
class CodeAnsweredPage(PageContext):
    template = "signin/code_answered.html"
    is_allowed: bool


@require_http_methods(["GET", "HEAD", "POST"])
def type_code(request: HttpRequest, organization: str) -> HttpResponse:
    """Nothing is looked up before the person sends the form: an address with a code in it only fills it in."""
    user = request.user
    assert isinstance(user, User)  # LoginRequiredMiddleware
    found = Organization.objects.filter(slug=organization).first()
    membership = found and admitted(user, found)
    if not membership:
        page = StoppedPage(
            title="You are not in this organization",
            sentence=f"You are signed in as {user.email}, who does not belong to the organization of this address.",
        )
        return show_stopped(request, page, 404)
    if request.method != "POST":
        typed = {"user_code": request.GET.get("user_code", "")[:40]}
        return show(request, TypeCodePage(form=CodeForm(initial=typed), signed_in=user.email))
    return _typed(request, membership)


def _typed(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = CodeForm(request.POST)
    code = _code(request, form, membership) if form.is_valid() else None
    if code is None:
        return show(request, TypeCodePage(form=form, signed_in=membership.user.email), status=status_of(form))
    client = Application.objects.filter(organization=membership.organization, client_id=code.client_id).first()
    profiles = _profiles(membership, code)
    if "decision" not in request.POST:
        _note_typed(membership, client, profiles)
    if client is None or client_problem(client) is not None or not profiles:
        stopped = StoppedPage(title="This client can't be connected", sentence=_why_not(client, membership))
        return show_stopped(request, stopped, 403)
    page = ConsentPage(
        client=client,
        membership=membership,
        profiles=profiles,
        groups=tool_groups(membership, profiles, code.scope.split()),
        redirect_uri="",
        is_typed=True,
        switch_to=request.path,
        form=ConsentForm(request.POST if "decision" in request.POST else None),
        user_code=code.user_code,
    )
    return _decided(request, page, code) if page.form.is_bound else show_consent(request, page)


def _code(request: HttpRequest, form: CodeForm, membership: Membership) -> DeviceCode | None:
    """Each try counts, a right one is given back: who guesses is stopped long before it could help."""
    usage = ratelimit.consume(
        request, app="harriet", action="device_code", config=_TRIES, key=str(membership.user_id), limit_get=True
    )
    if usage is None:
        form.add_error("user_code", _TOO_MANY)
        return None
    code = waiting_code(membership.organization, form.cleaned_data["user_code"], database_now())
    if code is None:
        form.add_error("user_code", _NOT_RIGHT)
        return None
    usage.rollback()
    return code


def _note_typed(membership: Membership, client: Application | None, profiles: list[Profile]) -> None:
    if client is not None and client.standing == Application.Standing.WAITING:
        tell_of_waiting_client(client, membership.user)
    elif client is None:
        _note(membership, client, "device_typed", problem="invalid_client")
    else:
        is_blocked = client_problem(client) is not None
        problem = "client_blocked" if is_blocked else "" if profiles else "not_in_profile"
        _note(membership, client, "device_typed", problem=problem)


def _note(membership: Membership, client: Application | None, kind: str, *, problem: str = "", scope: str = "") -> None:
    user_id, organization_id = membership.user_id, membership.organization_id
    note_step(organization_id, kind, user_id=user_id, application=client, problem=problem, scope=scope)


def _profiles(membership: Membership, code: DeviceCode) -> list[Profile]:
    mine = profiles_for(membership)
    slug = profile_slug_in(code.resource, membership.organization.slug) if code.resource else None
    return list(mine.filter(slug=slug) if code.resource else mine)


def _why_not(client: Application | None, membership: Membership) -> str:
    problem = client_problem(client) if client is not None else None
    if problem is not None:
        return problem.message
    return (
        f"You are signed in as {membership.user.email}, who has no such profile: what the client asks for does not "
        "exist, or is for others. Ask your IT team for access, then start again from the client."
    )


def _decided(request: HttpRequest, page: ConsentPage, code: DeviceCode) -> HttpResponse:
    form, membership = page.form, page.membership
    profile = form.chosen(page.profiles) if form.is_valid() else None
    actor = actor_of(membership.user)
    if form.is_valid() and form.cleaned_data["decision"] == "refuse":
        if refuse_device_code(code, membership.user) and profile is not None:
            refuse_app(membership, Consent(page.client, profile, "", ""), actor=actor)
        _note(membership, page.client, "consented", problem="access_denied")
        return show(request, CodeAnsweredPage(is_allowed=False))
    scopes = form.allowed_of(code.scope.split()) if profile is not None else ""
    if profile is None or not scopes:
        form.add_error(None, "Choose a profile, and tick at least one thing that the client may do.")
        return show_consent(request, page, status=400)
    app = connect_app(membership, Consent(page.client, profile, scopes, ""), actor=actor)
    _note(membership, page.client, "consented", scope=scopes)
    return show(request, CodeAnsweredPage(is_allowed=allow_device_code(code, app, scope=scopes)))
