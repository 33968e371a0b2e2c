"""Tokens and client secrets, sealed so that they open for one registration, one grant, one generation, one person."""

from __future__ import annotations

from uuid import UUID

from harriet.lib.secret import Secret
from vault.models import OAuthClient, OAuthGrant
from vault.open import Opener, Sealed, opener_for
from vault.place import Place

ACCESS, REFRESH = "access_token", "refresh_token"
"""Fields of a grant."""
CLIENT_SECRET = "client_secret"  # noqa: S105
"""Of a registration; for one that signs assertions its private key (PEM or JWK)."""


def token_place(grant: OAuthGrant, field: str, generation: int) -> Place:
    return Place(grant.organization_id, grant.client_id, grant.pk, field, generation, grant.user_id)


def client_place(organization_id: UUID, client_id: UUID) -> Place:
    return Place(organization_id, client_id, client_id, CLIENT_SECRET)


def seal_client_secret(client: OAuthClient, secret: Secret, opener: Opener) -> Sealed:
    """For `sealed_secret` and `key_version`. Raises NoDataKey."""
    return opener.seal_secret(client_place(client.organization_id, client.pk), "", secret)


def client_secret(client: OAuthClient) -> Secret | None:
    """None for a registration without one. Raises CannotOpen."""
    if client.sealed_secret is None:
        return None
    place = client_place(client.organization_id, client.pk)
    return opener_for(client.organization_id).open_secret(place, bytes(client.sealed_secret))


def refresh_token(grant: OAuthGrant, opener: Opener) -> Secret | None:
    """None when there is none. Raises CannotOpen."""
    if grant.sealed_refresh is None:
        return None
    return opener.open_secret(token_place(grant, REFRESH, grant.generation), bytes(grant.sealed_refresh))


def access_token(grant: OAuthGrant, opener: Opener) -> Secret | None:
    """The same of the access token, whether or not it has expired."""
    if grant.sealed_access is None:
        return None
    return opener.open_secret(token_place(grant, ACCESS, grant.generation), bytes(grant.sealed_access))
