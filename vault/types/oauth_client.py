"""Harriet signs in as itself, with its own registration at the provider (client credentials, RFC 6749 §4.4)."""

from __future__ import annotations

from harriet.lib.secret import Secret
from vault.errors import CredentialRefused
from vault.types.base import CLIENT, CredentialType, Placement
from vault.types.oauth import (
    CLIENT_ID,
    ISSUER,
    RESOURCE,
    SCOPES,
    TOKEN_URL,
    check_client_secret,
    checked,
    no_place,
)

_INPUTS = (ISSUER, CLIENT_ID, SCOPES, RESOURCE, TOKEN_URL)


def _check_placement(given: Placement) -> dict[str, str]:
    return checked(given, *_INPUTS)


def _check_secret(secret: Secret, username: str, placement: Placement) -> None:
    """Nobody's consent stands behind these tokens, so a public client can't have any (RFC 6749 §4.4)."""
    if bool(secret) != bool(placement.get("client_id")):
        field, missing = ("secret", "client secret") if placement.get("client_id") else ("client_id", "client ID")
        raise CredentialRefused(f"Enter the {missing}, too: client ID and secret belong together.", field=field)
    check_client_secret(secret, username, placement)


def _sent_as(_placement: Placement) -> str:
    return "Harriet’s own account (OAuth client credentials)"


OAUTH_CLIENT = CredentialType(
    code="oauth_client",
    name="one shared account (OAuth client credentials)",
    label="One shared account: Harriet’s own registration (OAuth client credentials)",
    inputs=_INPUTS,
    check_placement=_check_placement,
    check_secret=_check_secret,
    place=no_place,
    sent_as=_sent_as,
    example={"client_id": "harriet", "scopes": "tickets.read"},
    signs_in_by=CLIENT,
)
