"""Each person signs in with an account of their own (authorization code with PKCE)."""

from __future__ import annotations

from functools import partial

from vault.types.base import PERSON, CredentialType, Placement
from vault.types.oauth import (
    AUTHORIZATION_URL,
    CLIENT_ID,
    ISSUER,
    RESOURCE,
    SCOPE_LIMIT,
    SCOPES,
    TOKEN_URL,
    check_client_secret,
    checked,
    no_place,
)

_INPUTS = (ISSUER, CLIENT_ID, SCOPES, SCOPE_LIMIT, RESOURCE, AUTHORIZATION_URL, TOKEN_URL)


def _sent_as(_placement: Placement) -> str:
    return "Each person’s own account (OAuth)"


OAUTH_USER = CredentialType(
    code="oauth_user",
    name="each person’s own account (OAuth)",
    label="Each person signs in with their own account (OAuth)",
    inputs=_INPUTS,
    check_placement=partial(checked, inputs=_INPUTS),
    check_secret=check_client_secret,
    place=no_place,
    sent_as=_sent_as,
    example={"scopes": "tickets.read"},
    signs_in_by=PERSON,
)
