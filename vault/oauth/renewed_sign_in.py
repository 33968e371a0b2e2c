"""What a renewal of a person's company sign-in brought: the provider's word (an ID token) about the same person, or
nothing that could be exchanged (OpenID Connect Core §12.2)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vault.models import OAuthGrant
from vault.oauth.answers import Failure, TokenAnswer
from vault.oauth.error_codes import Kind
from vault.oauth.signed_words import claims_in

NO_WORD, OTHER_WORD = "no_id_token", "other_id_token"
"""Our own codes."""
NO_ACCESS = "N_A"
"""The type of a token that is sent to no server as a bearer token (RFC 8693 §2.2.1)."""
LONGEST_LIFE = 24 * 3600
"""Seconds that a word is believed, whatever it says of its end."""


def as_word(grant: OAuthGrant, answer: TokenAnswer | Failure) -> TokenAnswer | Failure:
    """The ID token in the place of the access token. It came straight from the provider and signs nobody in, so its
    signature is left to whom it is sent (§3.1.3.7)."""
    if isinstance(answer, Failure):
        return answer
    if answer.id_token is None:
        words = "The provider renewed the sign-in without an ID token, so there is nothing that could be exchanged."
        return Failure(Kind.USER, NO_WORD, words)
    claims = claims_in(answer.id_token)
    wrong, left = _wrong(grant, claims), _seconds_left(claims)
    if wrong or left is None:
        words = f"The provider renewed the sign-in with an ID token that is not this person’s ({wrong or 'exp'})."
        return Failure(Kind.USER, OTHER_WORD, words)
    return replace(answer, access=answer.id_token, token_type=NO_ACCESS, expires_in=left, oddities=())


def _wrong(grant: OAuthGrant, claims: Mapping[str, Any]) -> str:
    """The claim that names another; empty for none."""
    client, audience = grant.client, claims.get("aud")
    if claims.get("iss") != client.metadata.get("issuer"):
        return "iss"
    if not grant.account_subject or claims.get("sub") != grant.account_subject:
        return "sub"
    named = audience if isinstance(audience, list) else [audience]
    is_shared = len(named) > 1 and claims.get("azp") != client.client_id
    return "aud" if client.client_id not in named or is_shared else ""


def _seconds_left(claims: Mapping[str, Any]) -> int | None:
    end = claims.get("exp")
    if isinstance(end, bool) or not isinstance(end, int | float) or end - time.time() < 1:
        return None
    return int(min(end - time.time(), LONGEST_LIFE))
