"""What a client without a good token is told in WWW-Authenticate (RFC 6750 §3, RFC 9728 §5.1): where to sign in, and
for which scopes. For a profile that there is and for one that there isn't alike."""

from __future__ import annotations

import re

from connectors.access.scopes import SCOPES
from harriet.gateway.http.cors import Header
from harriet.signin.protocol.addresses import resource_metadata_of

_ENDPOINT = re.compile(r"(/mcp/[-a-zA-Z0-9_]{1,50}/[-a-zA-Z0-9_]{1,50})/?")
_EVERY = " ".join(SCOPES)


def challenge(path: str, *, error: str = "", told: str = "", scope: str = _EVERY) -> Header:
    """`told` is a sentence, because some clients show nothing else. All members are ASCII without quotes."""
    members = {"error": error, "error_description": told}
    if (endpoint := _ENDPOINT.fullmatch(path)) is not None:
        members |= {"resource_metadata": resource_metadata_of(endpoint[1]), "scope": scope}
    said = ", ".join(f'{name}="{value}"' for name, value in members.items() if value)
    return b"www-authenticate", f"Bearer {said}".strip().encode("ascii", "replace")


def insufficient_scope(path: str, scope: str) -> Header:
    told = "The person did not allow this client that kind of tool. Sign in again for it."
    return challenge(path, error="insufficient_scope", told=told, scope=scope)
