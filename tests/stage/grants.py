"""Registrations at a provider and what people connected there, as rows: for stories that begin after the consent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harriet.lib.database_clock import database_now
from harriet.lib.secret import Secret
from harriet.people.actors import actor_of
from harriet.people.models import Organization, User
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.grants import Account, save_grant
from vault.oauth.sealing import seal_client_secret
from vault.open import opener_for

HARRIET = {"client_id": "harriet", "client_secret": "the-secret-of-harriets-registration"}
"""As which Harriet is known at a provider of the stories."""


def registration(
    organization: Organization, issuer: str, *, known: Mapping[str, str] = HARRIET, **more: Any
) -> OAuthClient:
    """Harriet's, at the provider of tests/servers/oidc_provider.mjs; it may be inside."""
    endpoints = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "revocation_endpoint": f"{issuer}/token/revocation",
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": ["openid", "email", "offline_access", "tools.read", "tools.write"],
    }
    fields = {"name": "Provider", "origin": "typed", "auth_method": "client_secret_basic", "allow_internal": True}
    client = OAuthClient(
        organization=organization,
        issuer=issuer,
        client_id=known["client_id"],
        **{"metadata": endpoints, **fields, **more},
    )
    sealed = seal_client_secret(client, Secret(known["client_secret"]), opener_for(organization.pk))
    client.sealed_secret, client.key_version = sealed
    client.save()
    organization.internal_hosts = list({*organization.internal_hosts, "127.0.0.1"})
    organization.save(update_fields=["internal_hosts"])
    return client


def grant(client: OAuthClient, user: User, resource: str = "", **more: Any) -> OAuthGrant:
    """What the person connected, with tokens that nobody gave unless the story says which."""
    answer = TokenAnswer(
        access=Secret(more.pop("access", "access-token-of-" + user.email)),
        refresh=Secret(more.pop("refresh", "refresh-token-of-" + user.email)),
        token_type="Bearer",
        expires_in=more.pop("expires_in", 3600),
        scopes=more.pop("scopes", "tools.read"),
        id_token=None,
    )
    account = Account(more.pop("account", user.email), more.pop("subject", f"subject of {user.email}"))
    asked = more.pop("asked_scopes", answer.scopes or "")
    return save_grant(
        client, user, resource, answer, began=database_now(), asked_scopes=asked, account=account, actor=actor_of(user)
    )
