"""The authorization server's addresses: each organization is an issuer of its own, its string exact to the byte."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

WELL_KNOWN_RESOURCE = "/.well-known/oauth-protected-resource"
"""RFC 9728 §3.1: the resource's path stands behind it."""
LONGEST = 2000
"""Characters of an address that is looked at."""
_RESOURCE = re.compile(r"/mcp/(?P<organization>[-a-zA-Z0-9_]{1,50})/(?P<profile>[-a-zA-Z0-9_]{1,50})/?")


def issuer_of(organization_slug: str) -> str:
    """RFC 8414 §2. Without a slash at the end, here and wherever it is said."""
    return f"{settings.BASE_URL}/oauth/{organization_slug}"


def token_endpoint_of(organization_slug: str) -> str:
    """What a workload's token is for, letter by letter."""
    return f"{issuer_of(organization_slug)}/token"


def resource_of(organization_slug: str, profile_slug: str) -> str:
    """The one URL that a token for the profile is bound to (RFC 8707)."""
    return f"{settings.BASE_URL}/mcp/{organization_slug}/{profile_slug}"


def resource_metadata_of(path: str) -> str:
    """Absolute, as clients demand, for the path of an MCP endpoint."""
    return f"{settings.BASE_URL}{WELL_KNOWN_RESOURCE}{path}"


def profile_slug_in(resource: str, organization_slug: str) -> str | None:
    """The slug that a resource indicator of this organization names; None for any other address. Scheme and host are
    compared as such (RFC 3986 §6.2.2.1), and a slash at the end, which some clients add, means the same."""
    if len(resource) > LONGEST or "#" in resource or "?" in resource:
        return None
    try:
        asked, ours = urlsplit(resource), urlsplit(settings.BASE_URL)
        same = _origin(asked) == _origin(ours)
    except ValueError:
        return None
    found = _RESOURCE.fullmatch(asked.path.removeprefix(ours.path)) if same else None
    return found["profile"] if found and found["organization"] == organization_slug else None


def _origin(parts: SplitResult) -> tuple[str, str, int | None, bool]:
    """Raises ValueError."""
    scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    return scheme, host, port or {"http": 80, "https": 443}.get(scheme), "@" in parts.netloc
