"""What scopes allow, in words for somebody who has never heard of them.

Only what the name of a scope says by itself is told: what a service makes of it is the service's own business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple


class ScopeWords(NamedTuple):
    scope: str
    words: str
    is_reading: bool
    """It only looks, as far as its name says."""


_KNOWN = {
    "openid": ("Know which account you signed in with", True),
    "email": ("See the e-mail address of your account", True),
    "profile": ("See the name and picture of your account", True),
    "offline_access": ("Go on using this while you are away, until you disconnect", True),
    "refresh_token": ("Go on using this while you are away, until you disconnect", True),
}
_READS = frozenset({"read", "readonly", "view", "list", "get", "viewer", "ro"})
_WRITES = frozenset({"write", "readwrite", "edit", "manage", "create", "update", "modify", "send", "rw", "full"})
_RULES = frozenset({"admin", "delete", "owner", "superuser", "dangerous"})
_PARTS = re.compile(r"[^A-Za-z0-9]+")


def words_for(scopes: str) -> list[ScopeWords]:
    """Of scopes separated by spaces, each once."""
    return [_words(one) for one in dict.fromkeys(scopes.split())]


def more_than_reading(placement: Mapping[str, Any]) -> list[ScopeWords]:
    """Those that a credential's sign-in asks for and that allow more than looking."""
    return [one for one in words_for(str(placement.get("scopes", ""))) if not one.is_reading]


def _words(scope: str) -> ScopeWords:
    if scope in _KNOWN:
        return ScopeWords(scope, *_KNOWN[scope])
    parts = [part.lower() for part in _PARTS.split(scope.rpartition("/auth/")[2] or scope) if part]
    verbs = set(parts)
    about = " ".join(part for part in parts if part not in _READS | _WRITES | _RULES) or "the service"
    if verbs & _RULES:
        return ScopeWords(scope, f"Administer or delete: {about}", False)
    if verbs & _WRITES:
        return ScopeWords(scope, f"See and change: {about}", False)
    if verbs & _READS:
        return ScopeWords(scope, f"See: {about}", True)
    return ScopeWords(scope, f"Use: {about}", False)
