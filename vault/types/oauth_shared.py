"""An admin signs in once, and every call goes with that account (authorization code with PKCE, RFC 6749 §4.1)."""

from __future__ import annotations

from functools import partial

from vault.types.base import ORGANIZATION, CredentialType, Placement
from vault.types.oauth import (
    AUTHORIZATION_URL,
    CLIENT_ID,
    ISSUER,
    RESOURCE,
    SCOPES,
    TOKEN_URL,
    check_client_secret,
    checked,
    no_place,
)

_INPUTS = (ISSUER, CLIENT_ID, SCOPES, RESOURCE, AUTHORIZATION_URL, TOKEN_URL)


def _sent_as(_placement: Placement) -> str:
    return "One account for everybody, with which an admin signed in (OAuth)"


OAUTH_SHARED = CredentialType(
    code="oauth_shared",
    name="one shared account, with which an admin signs in (OAuth)",
    label="One shared account: an admin signs in with it once, for everybody (OAuth)",
    inputs=_INPUTS,
    check_placement=partial(checked, inputs=_INPUTS),
    check_secret=check_client_secret,
    place=no_place,
    sent_as=_sent_as,
    example={"scopes": "tickets.read"},
    signs_in_by=ORGANIZATION,
)
