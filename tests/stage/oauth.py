"""Harriet as an OAuth client: a registration at an issuer, and what people granted it."""

from __future__ import annotations

from typing import Any

from harriet.lib.database_clock import database_now
from harriet.lib.secret import Secret
from harriet.people.models import Organization, User
from tests.stage.cast import Cast
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.grants import Account, save_grant
from vault.oauth.sealing import seal_client_secret
from vault.open import opener_for

RESOURCE = "https://crm.example/mcp"
CLIENT_SECRET = "client-s3cret:+/%"


def make_client(organization: Organization, token_endpoint: str, **changes: Any) -> OAuthClient:
    """A registration at a provider on this machine."""
    organization.internal_hosts = ["127.0.0.1"]
    organization.save(update_fields=["internal_hosts"])
    fields: dict[str, Any] = {
        "issuer": "https://id.example",
        "name": "Example ID",
        "origin": "typed",
        "client_id": "harriet",
        "allow_internal": True,
        "metadata": {"issuer": "https://id.example", "token_endpoint": token_endpoint},
    }
    return OAuthClient.objects.create(organization=organization, **fields | changes)


def give_secret(client: OAuthClient, secret: str = CLIENT_SECRET, method: str = "client_secret_basic") -> OAuthClient:
    client.auth_method = method
    sealed = seal_client_secret(client, Secret(secret), opener_for(client.organization_id))
    client.sealed_secret, client.key_version = sealed
    client.save()
    return client


def make_grant(
    cast: Cast,
    client: OAuthClient,
    user: User | None,
    refresh: str | None,
    *,
    expires_in: int | None = 3600,
    **changes: Any,
) -> OAuthGrant:
    """What somebody consented to just now."""
    fields: dict[str, Any] = {
        "access": Secret("at-first"),
        "refresh": Secret(refresh) if refresh else None,
        "token_type": "Bearer",
        "expires_in": expires_in,
        "scopes": None,
        "id_token": None,
    }
    return save_grant(
        client,
        user,
        RESOURCE,
        TokenAnswer(**fields | changes),
        began=database_now(),
        asked_scopes="read write",
        account=Account("dana@provider.example"),
        actor=cast.actor(user or cast.alice),
    )
