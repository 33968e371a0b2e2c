"""Which web pages may call the MCP endpoint: those of our own hosts, and of the origins that the installation allows.

A page that may call gets CORS headers; there are no cookies here, so the token that it sends is its own. A page that
may not is refused whatever it sends (against DNS rebinding); programs send no Origin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from harriet.gateway.errors import HttpRefusal
from harriet.gateway.http.asgi import Scope
from harriet.lib.mcp.headers import (
    RAW_METHOD_HEADER,
    RAW_NAME_HEADER,
    RAW_PROTOCOL_VERSION_HEADER,
    RAW_SESSION_ID_HEADER,
)

Header = tuple[bytes, bytes]

_OTHER_SITE = (
    "Web pages of other sites may not call this address. Use a client that is a program of its own, or ask your IT "
    "team."
)
_NAMES = re.compile(rb"[A-Za-z0-9-]+(, ?[A-Za-z0-9-]+)*")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[!-~]+")
_ALLOWED = b"authorization, content-type, accept, last-event-id, " + b", ".join(
    (RAW_PROTOCOL_VERSION_HEADER, RAW_SESSION_ID_HEADER, RAW_METHOD_HEADER, RAW_NAME_HEADER)
)


def headers_for(origin: bytes, scope: Scope) -> tuple[Header, ...]:
    """The headers for a page of this origin. Raises HttpRefusal 403."""
    text = origin.decode("latin-1")
    host = _host_in(text)
    is_ours = bool(host) and validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS)
    if not is_ours and text not in settings.MCP_ALLOWED_ORIGINS:
        raise HttpRefusal(403, _OTHER_SITE)
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", RAW_SESSION_ID_HEADER + b", www-authenticate"),
        (b"vary", b"origin"),
    )


def _host_in(origin: str) -> str:
    """Empty for what is no origin."""
    try:
        return (urlsplit(origin).hostname or "") if _ORIGIN.fullmatch(origin) else ""
    except ValueError:  # half an IPv6 address
        return ""


def preflight_headers(headers: Mapping[bytes, bytes]) -> tuple[Header, ...]:
    """Tool arguments travel in headers of their own (Mcp-Param-…), so whichever header is asked for is allowed."""
    asked = headers.get(b"access-control-request-headers", _ALLOWED)
    return (
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (b"access-control-allow-headers", asked if _NAMES.fullmatch(asked) else _ALLOWED),
        (b"access-control-max-age", b"600"),
    )
