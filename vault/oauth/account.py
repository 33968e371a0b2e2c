"""Which account a provider says was connected. It only names the account: nothing is trusted beyond that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from harriet.lib.base64url import decode
from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, session
from harriet.lib.secret import Secret
from vault.models import OAuthClient
from vault.oauth.answers import TokenAnswer
from vault.oauth.grants import NO_ACCOUNT, Account
from vault.oauth.reach import reach_of_issuer

SECONDS = 5.0
LARGEST = 64 * 1024
"""Bytes."""
_NAMES = ("preferred_username", "upn", "login", "name")


class Named(NamedTuple):
    """What a provider calls an account."""

    account: Account
    email: str
    """An address that it vouches for, as far as it says anything about that; empty for none."""


def account_of(client: OAuthClient, answer: TokenAnswer, scopes: str) -> Named:
    """By the ID token, which came from the token endpoint itself (OpenID Connect Core §3.1.3.7), else by asking."""
    claims = _claims(answer.id_token, client) if answer.id_token is not None else {}
    if not claims and "openid" in scopes.split() and client.metadata.get("userinfo_endpoint"):
        claims = _asked(client, answer.access)
    return _named(claims)


def _named(claims: Mapping[str, Any]) -> Named:
    is_vouched_for = str(claims.get("email_verified", True)).lower() == "true"
    email = _text(claims.get("email")) if is_vouched_for else ""
    name = email or next((_text(claims.get(one)) for one in _NAMES if _text(claims.get(one))), "")
    subject = _text(claims.get("sub"))
    return Named(Account(name, subject) if name or subject else NO_ACCOUNT, email)


def _text(value: object) -> str:
    return value.strip()[:254] if isinstance(value, str) and value.isprintable() else ""


def _claims(token: Secret, client: OAuthClient) -> dict[str, Any]:
    """Nothing of a token that is another client's, or of another issuer."""
    try:
        found = json.loads(decode(token.reveal().split(".")[1]))
    except (ValueError, IndexError, RecursionError):
        return {}
    if not isinstance(found, dict) or found.get("iss") != client.issuer:
        return {}
    audience = found.get("aud")
    return found if client.client_id in (audience if isinstance(audience, list) else [audience]) else {}


def _asked(client: OAuthClient, token: Secret) -> dict[str, Any]:
    reach = reach_of_issuer(client.organization, allow_internal=client.allow_internal)
    try:
        with session(reach, deadline=SECONDS, max_bytes=LARGEST) as opened:
            headers = {"Accept": "application/json", "Authorization": f"Bearer {token.reveal()}"}
            answer = opened.get(client.metadata["userinfo_endpoint"], headers=headers)
        found = json.loads(answer.content) if answer.status_code == 200 else {}
    except (EgressRefused, EgressTimeout, EgressFailed, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
