"""What is asked of an authorization server for a credential: which scopes, for which resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from vault.models import Credential, OAuthGrant
from vault.oauth.challenge import MOST_SCOPES
from vault.types.oauth import resource_in

OFFLINE = "offline_access"
_IDENTITY = ("openid", "email")
"""So that a page can say which account is connected."""
EVERY_SIGN_IN = frozenset({OFFLINE, *_IDENTITY, "profile"})
"""Scopes that say nothing of what a service may be used for."""
_EXTRAS = {
    "accounts.google.com": {"access_type": "offline", "prompt": "consent"},
    "www.dropbox.com": {"token_access_type": "offline"},
    "www.reddit.com": {"duration": "permanent"},
    **{
        f"accounts.zoho.{end}": {"access_type": "offline", "prompt": "consent"}
        for end in ("com", "eu", "in", "com.au", "jp", "com.cn", "sa")
    },
}
"""By the host where people sign in, whether it was discovered or typed in: what it wants in a request before it gives a
refresh token at all."""


def resource_of(credential: Credential) -> str:
    """RFC 8707; empty where the provider knows none."""
    return resource_in(credential.placement)


def scopes_of(credential: Credential) -> tuple[str, ...]:
    """As the admin decided, or left to what the server says it needs."""
    return tuple(str(credential.placement.get("scopes", "")).split())


def scopes_to_ask(
    wanted: Iterable[str], metadata: Mapping[str, Any], *, grant: OAuthGrant | None = None
) -> tuple[str, ...]:
    """What is wanted, what was granted before, and what a server has asked for in the meantime: a new consent never
    takes anything away. For a refresh token too, where that has a scope of its own."""
    granted = grant.scopes.split() if grant is not None and grant.state == OAuthGrant.State.ACTIVE else []
    needed = grant.needed_scopes.split() if grant is not None else []
    scopes = [*wanted, *granted, *needed]
    offered = metadata.get("scopes_supported", ())
    if OFFLINE in offered:
        scopes.append(OFFLINE)
    return tuple(dict.fromkeys(scopes))[:MOST_SCOPES]


def with_identity(scopes: tuple[str, ...], metadata: Mapping[str, Any]) -> tuple[str, ...]:
    offered = metadata.get("scopes_supported", ())
    return tuple(dict.fromkeys([*scopes, *(one for one in _IDENTITY if one in offered)]))


def is_worth_asking(grant: OAuthGrant, more: Iterable[str]) -> bool:
    """Whether another consent could bring these scopes: what was asked for once and not given is not asked for again
    and again."""
    return bool(set(more) - set(grant.asked_scopes.split()))


def missing_of(grant: OAuthGrant, wanted: Iterable[str]) -> tuple[str, ...]:
    """What of it was not granted."""
    return tuple(one for one in wanted if one not in grant.scopes.split())


def extras_of(metadata: Mapping[str, Any], scopes: tuple[str, ...]) -> dict[str, str]:
    """Parameters of an authorization request beside those that all have (OpenID Connect Core §11)."""
    consent = {"prompt": "consent"} if OFFLINE in scopes else {}
    host = urlsplit(str(metadata.get("authorization_endpoint") or "")).hostname or ""
    return consent | _EXTRAS.get(host, {})


def narrowed(grant: OAuthGrant) -> tuple[str, ...]:
    """Scopes that were asked for and not given."""
    given = set(grant.scopes.split())
    return tuple(one for one in grant.asked_scopes.split() if one not in given and one != OFFLINE)
