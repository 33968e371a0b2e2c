"""Headers that no credential, connector setting or client may set: Harriet or the connection says what is in them."""

from __future__ import annotations

_CONNECTION = frozenset(
    {"connection", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via"}
)
"""Of one hop (RFC 9110 §7.6, §10.1.1, §7.2): whoever sets them speaks for the connection."""
_BODY = frozenset({"content-encoding", "content-length", "content-type"})
_NEGOTIATION = frozenset({"accept", "accept-encoding", "last-event-id"})
"""What the transport asks for, and where it goes on with an event stream."""
_COOKIES = frozenset({"cookie", "set-cookie"})
"""A server's own; what is meant to be a cookie has its own place."""
_ORIGIN = frozenset({"forwarded", "origin", "x-real-ip"})
"""From where a request comes (RFC 7239)."""
RESERVED_HEADERS = _CONNECTION | _BODY | _NEGOTIATION | _COOKIES | _ORIGIN
"""In lower case. Authorization isn't among them: it is where most credentials go."""
RESERVED_PREFIXES = ("mcp-", "x-forwarded-", "proxy-", "sec-")
"""The protocol's, those of proxies, and those that browsers keep for themselves (Fetch, “forbidden request-header”)."""


def is_reserved_header(name: str) -> bool:
    """Whether Harriet or the connection sets this header itself; in any case of its letters."""
    lower = name.lower()
    return lower in RESERVED_HEADERS or lower.startswith(RESERVED_PREFIXES)
