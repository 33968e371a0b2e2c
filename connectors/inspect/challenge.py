"""What a server that refuses a request says about the credential it wants (RFC 6750, RFC 9728)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import UpstreamRefusedCredential
from connectors.transports.base import Endpoint
from harriet.lib.egress import AsyncEgress, EgressFailed, EgressRefused, EgressTimeout
from harriet.lib.text import excerpt

LARGEST = 64 * 1024
"""Bytes of metadata."""
SECONDS = 5.0
"""For each place where it may be."""
_WELL_KNOWN = "/.well-known/oauth-protected-resource"
_METADATA = re.compile(r'resource_metadata="([^"]{1,2000})"')
_SCOPE = re.compile(r'scope="([^"]{0,500})"')


async def challenge_in_words(egress: AsyncEgress, endpoint: Endpoint, refusal: UpstreamRefusedCredential) -> list[str]:
    """Sentences about it, at least one. Asks the server, and where its challenge points, for metadata (RFC 9728)."""
    said = []
    if refusal.challenge:
        said.append(f"It says: {excerpt(refusal.challenge, 300)}")
    document = await _metadata(egress, endpoint, refusal.challenge)
    servers = document.get("authorization_servers") if document else None
    if isinstance(servers, list) and servers:
        said.append("It wants OAuth tokens of " + ", ".join(excerpt(str(one), 200) for one in servers[:5]) + ".")
        scope = _SCOPE.search(refusal.challenge)
        wanted = scope[1] if scope else " ".join(str(one) for one in _list(document.get("scopes_supported")))
        if wanted:
            said.append(f"With the scopes {excerpt(wanted, 300)}.")
    elif not said:
        said.append("It doesn't say which credential it wants: ask whoever runs it.")
    return said


async def _metadata(egress: AsyncEgress, endpoint: Endpoint, challenge: str) -> dict[str, Any]:
    """Of the protected resource: where the challenge says, then at the two well-known places."""
    parts = urlsplit(endpoint.url)
    origin = f"{parts.scheme}://{parts.netloc}"
    named = _METADATA.search(challenge)
    places = [named[1]] if named else []
    places += [f"{origin}{_WELL_KNOWN}{parts.path.rstrip('/')}", f"{origin}{_WELL_KNOWN}"]
    for place in dict.fromkeys(places):
        document = await _fetched(egress, endpoint, place)
        if document:
            return document
    return {}


async def _fetched(egress: AsyncEgress, endpoint: Endpoint, url: str) -> dict[str, Any]:
    try:
        async with egress.request("GET", url, reach=endpoint.reach, deadline=SECONDS) as response:
            document = json.loads(await response.read(LARGEST)) if response.status == 200 else {}
    except (EgressFailed, EgressRefused, EgressTimeout, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _list(value: Any) -> list[Any]:
    return value[:50] if isinstance(value, list) else []
