"""Signing in by OAuth: what the types that do so have in common. Nothing that is stored goes with a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from harriet.lib.secret import Secret
from vault.errors import CredentialRefused, NoStaticSecret
from vault.opened import OpenCredential
from vault.types.base import Input, Placement
from vault.types.characters import check_visible_ascii

LONGEST_SCOPES = 1000
"""Characters."""
LONGEST_ADDRESS = 500
"""Characters."""
WITHOUT_RESOURCE = "none"
"""Entered for a provider that knows no resources (RFC 8707)."""

ISSUER = Input(
    "issuer",
    "issuer",
    "Issuer",
    "The address of the server where people sign in. Leave it empty to use the one that the connector’s server names.",
    longest=LONGEST_ADDRESS,
)
CLIENT_ID = Input(
    "client_id",
    "client_id",
    "Client ID",
    "As the provider shows it once Harriet is registered there. Leave it empty where Harriet registers itself.",
    longest=LONGEST_ADDRESS,
)
SCOPES = Input(
    "scopes",
    "scopes",
    "Scopes",
    "What Harriet asks for, separated by spaces. Leave it empty to ask for what the server says it needs.",
    longest=LONGEST_SCOPES,
)
AUTHORIZATION_URL = Input(
    "authorization_url",
    "authorization_url",
    "Authorization URL",
    "Only for a provider that doesn’t publish its addresses: where people are sent to sign in.",
    longest=LONGEST_ADDRESS,
)
TOKEN_URL = Input(
    "token_url",
    "token_url",
    "Token URL",
    "Only for a provider that doesn’t publish its addresses: where tokens are fetched.",
    longest=LONGEST_ADDRESS,
)
RESOURCE = Input(
    "resource",
    "resource",
    "Resource",
    "What tokens are to be good for. Leave it empty for the server’s own address. Write none for a provider that "
    "refuses requests which name one.",
    longest=LONGEST_ADDRESS,
)
SCOPE_LIMIT = Input(
    "scope_limit",
    "scope_limit",
    "At most these scopes",
    "What people may be asked for besides, when the server wants more for one of its tools. Leave it empty to let them "
    "be asked for whatever it names. Write none to never ask for more.",
    longest=LONGEST_SCOPES,
)
NOTHING_MORE = "none"
"""Entered as the limit where nobody is to be asked for more."""
_LISTS = (SCOPES, SCOPE_LIMIT)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://[^#\s]+")
"""RFC 8707 §2: an absolute URI without a fragment."""
_SCOPES = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")
"""RFC 6749 §3.3."""


def checked(given: Placement, inputs: Sequence[Input]) -> dict[str, str]:
    """What was entered for these inputs, with nothing where nothing was. Raises CredentialRefused."""
    placement = {one.key: _one_line(one, str(given.get(one.key) or _usual(one))) for one in inputs}
    return placement | {one.key: _scopes(one, placement[one.key]) for one in _LISTS if one.key in placement}


def barred_in(placement: Placement, scopes: Iterable[str]) -> tuple[str, ...]:
    """Those of them that nobody may be asked for."""
    limit = str(placement.get(SCOPE_LIMIT.key, ""))
    if not limit:
        return ()
    allowed = {*str(placement.get(SCOPES.key, "")).split(), *(() if limit == NOTHING_MORE else limit.split())}
    return tuple(one for one in scopes if one not in allowed)


def resource_in(placement: Placement) -> str:
    """What tokens are asked for, and kept under; empty for a provider that knows no resources. Whoever saves a
    credential has filled in the server's own."""
    named = str(placement.get("resource", ""))
    return "" if named == WITHOUT_RESOURCE else named


def check_client_secret(secret: Secret, _username: str, placement: Placement) -> None:
    """Of the registration at the provider; a public client has none."""
    if not secret:
        return
    if not placement.get("client_id"):
        raise CredentialRefused("Enter the client ID that this secret belongs to.", field="client_id")
    check_visible_ascii(secret)


def no_place(_secret: Secret, _username: str, _placement: Placement) -> NoReturn:
    """What is stored only fetches tokens. Raises NoStaticSecret: whoever sends requests asks `vault.oauth` for one."""
    raise NoStaticSecret


def sent_with(token: Secret) -> OpenCredential:
    """A request with an access token (RFC 6750 §2.1)."""
    opened = OpenCredential()
    opened.headers["Authorization"] = f"Bearer {token.reveal()}"
    opened.secrets = (token,)
    return opened


def _scopes(one: Input, text: str) -> str:
    scopes = " ".join(text.split())
    if scopes and not _SCOPES.fullmatch(scopes):
        raise CredentialRefused("Write scopes with spaces between them, without quotes or commas.", field=one.name)
    return scopes


def _one_line(one: Input, text: str) -> str:
    text = text.strip()
    if len(text) > (one.longest or LONGEST_ADDRESS) or not text.isprintable() or not text.isascii():
        raise CredentialRefused(f"{one.label}: write it as one line of visible letters (ASCII).", field=one.name)
    if one.choices and text not in dict(one.choices):
        raise CredentialRefused(f"{one.label}: choose one of what is offered.", field=one.name)
    if one is RESOURCE and text and text != WITHOUT_RESOURCE and not _ABSOLUTE.fullmatch(text):
        raise CredentialRefused("Resource: write an address without a # part, or none.", field=one.name)
    if one in {ISSUER, AUTHORIZATION_URL, TOKEN_URL} and text and not text.startswith(("https://", "http://")):
        raise CredentialRefused(f"{one.label}: write an address that begins with https://.", field=one.name)
    return text


def _usual(one: Input) -> str:
    return one.choices[0][0] if one.choices else ""
