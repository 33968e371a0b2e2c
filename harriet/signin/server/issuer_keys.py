"""The public keys of trusted issuers: as pasted, or read at an address under the egress rules, and kept for a while."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
from django.conf import settings
from django.core.cache import cache

from harriet.lib.egress import Reach, session
from harriet.lib.errors import Problem
from harriet.signin.models import TrustedIssuer
from harriet.signin.protocol.id_jag import Unproved, refused, signing_keys

LARGEST = 256 * 1024
DEADLINE = 5.0
FRESH_SECONDS = 600
AGAIN_SECONDS = 30
"""Between two readings, whatever is asked: nobody makes Harriet knock at an issuer's door with invented key ids."""
OLDEST_SECONDS = 3600
"""That known keys hold while the address can't be read."""


def keys_for(issuer: TrustedIssuer, unproved: Unproved) -> list[jwt.PyJWK]:
    """Empty for a key that the issuer doesn't have. Raises OAuthProblem when its keys can't be read."""
    if not issuer.keys_url:
        return signing_keys(unproved, issuer.keys)
    known = cache.get(_name(issuer)) or {"at": 0.0, "keys": None}
    found = signing_keys(unproved, known["keys"]) if time.time() - known["at"] < FRESH_SECONDS else []
    if found or not cache.add(f"{_name(issuer)}:asked", 1, AGAIN_SECONDS):
        return found or _kept(known, unproved)
    read = _read(issuer)
    if read is None:
        return _kept(known, unproved)
    cache.set(_name(issuer), {"at": time.time(), "keys": read}, OLDEST_SECONDS)
    return signing_keys(unproved, read)


def reach_of(issuer: TrustedIssuer) -> Reach:
    return Reach(
        allow_internal=issuer.allow_internal,
        internal_hosts=tuple(issuer.organization.internal_hosts),
        local_hosts=settings.ALLOWED_LOCAL_HOSTS,
    )


def _kept(known: dict[str, Any], unproved: Unproved) -> list[jwt.PyJWK]:
    if known["keys"] is None:
        raise refused("The issuer's keys can't be read at the moment. Try again in a minute.")
    return signing_keys(unproved, known["keys"])


def _read(issuer: TrustedIssuer) -> Any | None:
    try:
        with session(reach_of(issuer), deadline=DEADLINE, max_bytes=LARGEST) as opened:
            answer = opened.get(issuer.keys_url, headers={"Accept": "application/json"})
        return json.loads(answer.content) if answer.status_code == 200 else None
    except (Problem, ValueError, RecursionError):
        return None


def _name(issuer: TrustedIssuer) -> str:
    """Another one as soon as the row was changed."""
    return f"issuer-keys:{issuer.pk}:{issuer.changed_at.timestamp()}"
