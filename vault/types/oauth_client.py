"""Harriet signs in as itself, with its own registration at the provider (client credentials, RFC 6749 §4.4)."""

from __future__ import annotations

from functools import partial

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


def _sent_as(_placement: Placement) -> str:
    return "Harriet’s own account (OAuth client credentials)"


OAUTH_CLIENT = CredentialType(
    code="oauth_client",
    name="one shared account (OAuth client credentials)",
    label="One shared account: Harriet’s own registration (OAuth client credentials)",
    inputs=_INPUTS,
    check_placement=partial(checked, inputs=_INPUTS),
    check_secret=check_client_secret,
    place=no_place,
    sent_as=_sent_as,
    example={"client_id": "harriet", "scopes": "tickets.read"},
    signs_in_by=CLIENT,
)
