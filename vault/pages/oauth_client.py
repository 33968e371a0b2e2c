"""One registration of Harriet at a provider: its secret is replaced, its addresses are looked up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from vault.actions.save_oauth_client import rediscovered, register_anew, replace_client_secret
from vault.errors import CredentialNotFound, VaultError
from vault.models import OAuthClient
from vault.oauth.addresses import callback_address
from vault.pages.credential_form import SecretField
from vault.pages.oauth_clients import ClientState, connectors_of, grant_count, state_of


class ClientSecretForm(forms.Form):
    secret = SecretField(label="New client secret", help_text="Sealed when you save it, and never shown again.")


@dataclass(frozen=True, slots=True)
class OAuthClientPage(PageContext):
    template = "vault/oauth_client.html"
    active = "vault"
    client: OAuthClient
    form: ClientSecretForm
    can_change: bool

    @property
    def state(self) -> ClientState:
        return state_of(self.client, timezone.now())

    @property
    def connectors(self) -> list[str]:
        return connectors_of(self.client)

    @property
    def connected(self) -> int:
        return grant_count(self.client)

    @property
    def endpoints(self) -> list[tuple[str, str]]:
        return [(label, str(self.client.metadata[name])) for name, label in _ENDPOINTS if name in self.client.metadata]

    @property
    def redirect_url(self) -> str:
        return callback_address(self.client.issuer)

    @property
    def is_typed(self) -> bool:
        return self.client.origin == OAuthClient.Origin.TYPED

    @property
    def is_published(self) -> bool:
        """Its addresses were found, and can be looked up again."""
        return not self.client.metadata.get("is_typed")

    @property
    def has_secret(self) -> bool:
        return self.client.sealed_secret is not None


_ENDPOINTS = (
    ("authorization_endpoint", "People sign in at"),
    ("token_endpoint", "Tokens come from"),
    ("registration_endpoint", "Clients register at"),
    ("revocation_endpoint", "Access is taken back at"),
)


@needs_to_save(Power.MANAGE_CREDENTIALS)
def oauth_client_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    client = _client(request, pk)
    form = ClientSecretForm(request.POST or None)
    if attempt(form, lambda given: _replace(client, given, request)) is not None:
        messages.success(
            request, "The new client secret is saved. It is used the next time that a token is fetched or renewed."
        )
        return redirect("vault:oauth_client", pk)
    can_change = has_power(request.membership, Power.MANAGE_CREDENTIALS)
    return show(request, OAuthClientPage(client, form, can_change), status=status_of(form))


def _replace(client: OAuthClient, given: dict[str, Any], request: OrganizationRequest) -> OAuthClient:
    secret: Secret = given["secret"]
    return replace_client_secret(client, secret, actor=request.actor)


@require_POST
@needs(Power.MANAGE_CREDENTIALS)
def rediscover_oauth_client(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """What the issuer publishes of itself is read again."""
    client = _client(request, pk)
    try:
        rediscovered(client, actor=request.actor)
    except VaultError as problem:
        messages.error(request, f"{problem.message} Nothing was changed.")
    else:
        messages.success(request, f"What {client.issuer} says of itself was read again.")
    return redirect("vault:oauth_client", pk)


@require_POST
@needs(Power.MANAGE_CREDENTIALS)
def register_oauth_client_anew(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """For one that its provider has forgotten, or whose secret has expired."""
    try:
        made = register_anew(_client(request, pk), actor=request.actor)
    except VaultError as problem:
        messages.error(request, f"{problem.message} Nothing was changed.")
        return redirect("vault:oauth_client", pk)
    messages.success(request, "Harriet is registered anew. People have to connect their accounts again.")
    return redirect("vault:oauth_client", made.pk)


def _client(request: OrganizationRequest, pk: UUID) -> OAuthClient:
    mine = OAuthClient.objects.filter(organization=request.organization, pk=pk).select_related("organization")
    client = mine.exclude(origin=OAuthClient.Origin.SIGN_IN).first()
    if client is None:
        raise CredentialNotFound("There is no such registration here.")
    return client
