"""One AI client: its addresses, who uses it, and, of one that was made by hand, what is typed into the product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors.models import Profile
from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.counts import Several, several
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.make_once import Made
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.pages.once import made_once, secret_of, shown_once
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.signin.actions.end_connected_app import end_connected_app
from harriet.signin.actions.make_client import change_client, make_client, replace_client_secret
from harriet.signin.models import Application, ConnectedApp
from harriet.signin.pages.clients import ClientRow, client_rows, group_of_apps
from harriet.signin.protocol.addresses import issuer_of
from harriet.signin.queries import SCOPES, app_of, client_of, scope_words

SHOWN = 50
PRESETS = (
    ("Claude (web, desktop and phone)", "https://claude.ai/api/mcp/auth_callback"),
    ("Claude, its other address", "https://claude.com/api/mcp/auth_callback"),
    ("Cursor on a computer", "http://localhost:8787/callback"),
    ("Cursor on the web", "https://www.cursor.com/agents/mcp/oauth/callback"),
    ("ChatGPT, older connectors", "https://chatgpt.com/connector_platform_oauth_redirect"),
    ("MCP Inspector", "http://localhost:6274/oauth/callback"),
)
"""What products are known to use. Others show theirs where the connection is set up."""


class ClientForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=120, help_text="As people see it when they allow it, for example: Gemini Enterprise"
    )
    redirect_uris = forms.CharField(
        label="Redirect addresses",
        widget=forms.Textarea(attrs={"rows": 4, "class": "code", "spellcheck": "false"}),
        help_text="One a line, exactly as the product shows them; it may call them callback or redirect URL.",
    )

    def given(self) -> dict[str, Any]:
        return {**self.cleaned_data, "redirect_uris": self.cleaned_data["redirect_uris"].splitlines()}


@dataclass(frozen=True, slots=True)
class Fields:
    """What a product without registration asks its admin for. One host for all: firewalls allow that one."""

    client_id: str
    issuer: str
    scopes: str = " ".join(SCOPES)

    @property
    def authorization_url(self) -> str:
        return f"{self.issuer}/authorize"

    @property
    def token_url(self) -> str:
        return f"{self.issuer}/token"


@dataclass(frozen=True, slots=True)
class UsedBy:
    app: ConnectedApp
    profile: Profile | None
    allowed: list[str]


@dataclass(frozen=True, slots=True)
class ClientPage(PageContext):
    template = "clients/detail.html"
    active = "clients"
    row: ClientRow
    used: list[UsedBy]
    apps: Several[ConnectedApp]
    fields: Fields
    form: ClientForm
    is_by_hand: bool
    can_manage: bool


@require_http_methods(["GET", "HEAD", "POST"])
@needs_to_save(Power.MANAGE_TOKENS)
def client_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """With whatever registration it is asked for, the client is the same. POST changes one that was made by hand."""
    client = client_of(request.organization, pk)
    form = ClientForm(request.POST or None, initial=_as_it_is(client))
    if attempt(form, lambda _: _changed(client, form, request)) is not None:
        messages.success(request, "Saved.")
        return redirect("clients:detail", client.pk)
    apps = several(group_of_apps(client).order_by("-consented_at", "pk"), SHOWN)
    page = ClientPage(
        row=client_rows(request.organization, [client])[0],
        used=_used(request.organization, apps),
        apps=apps,
        fields=Fields(client.client_id, issuer_of(request.organization.slug)),
        form=form,
        is_by_hand=client.registration_source == Application.RegistrationSource.MANUAL,
        can_manage=has_power(request.membership, Power.MANAGE_TOKENS),
    )
    return show(request, page, status=status_of(form))


def _as_it_is(client: Application) -> dict[str, str]:
    return {"name": client.name, "redirect_uris": "\n".join(client.redirect_uris.split())}


def _changed(client: Application, form: ClientForm, request: OrganizationRequest) -> bool:
    change_client(client, **form.given(), actor=request.actor)
    return True


def _used(organization: Organization, apps: Several[ConnectedApp]) -> list[UsedBy]:
    profiles = Profile.objects.filter(organization=organization).in_bulk([app.profile_id for app in apps])
    return [UsedBy(app, profiles.get(app.profile_id), scope_words(app.scopes)) for app in apps]


@require_POST
@needs(Power.MANAGE_TOKENS)
def disconnect_app(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    app = app_of(request.organization, pk)
    end_connected_app(app, actor=request.actor)
    messages.success(request, f"{app.application} of {app.user} was disconnected; its tokens open nothing any more.")
    return redirect("clients:detail", app.application_id)


@dataclass(frozen=True, slots=True)
class NewClientPage(PageContext):
    template = "clients/new.html"
    active = "clients"
    form: ClientForm
    fields: Fields
    presets: tuple[tuple[str, str], ...] = PRESETS


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_TOKENS)
def new_client_page(request: OrganizationRequest) -> HttpResponse:
    form = ClientForm(request.POST or None)
    made = attempt(form, lambda _: made_once(request, lambda: _made(request, form)))
    if made is not None:
        return redirect("clients:made", made.pk)
    fields = Fields("", issuer_of(request.organization.slug))
    return show(request, NewClientPage(form, fields), status=status_of(form))


def _made(request: OrganizationRequest, form: ClientForm) -> Made:
    client, secret = make_client(request.organization, **form.given(), actor=request.actor)
    return Made(client.pk, secret)


def _profiles(organization: Organization) -> list[Profile]:
    found = Profile.objects.filter(organization=organization).select_related("organization")
    return list(found.order_by("name")[:SHOWN])


@require_POST
@needs(Power.MANAGE_TOKENS)
def replace_secret(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    client = client_of(request.organization, pk)
    made = made_once(request, lambda: Made(client.pk, replace_client_secret(client, actor=request.actor).secret))
    return redirect("clients:made", made.pk)


@dataclass(frozen=True, slots=True)
class MadeClientPage(PageContext):
    template = "clients/made.html"
    active = "clients"
    client: Application
    fields: Fields
    secret: Secret | None
    """None when it was shown before."""
    profiles: list[Profile]


@require_safe
@needs(Power.MANAGE_TOKENS)
def made_client_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The secret is shown here, once."""
    row = shown_once(request, pk)
    client = client_of(request.organization, row.subject)
    fields = Fields(client.client_id, issuer_of(request.organization.slug))
    secret = secret_of(request, row)
    return show_once(request, MadeClientPage(client, fields, secret, _profiles(request.organization)))
