"""The token that a request carries in its headers."""

from __future__ import annotations

from collections.abc import Mapping

_SCHEMES = ("bearer ", "token ")


def token_in(headers: Mapping[bytes, bytes]) -> str:
    """The bearer token that the request carries in a header; empty when there is none."""
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    if authorization[:7].lower() == _SCHEMES[0]:
        return authorization[7:].strip()
    if authorization[:6].lower() == _SCHEMES[1]:
        return authorization[6:].strip()
    return headers.get(b"x-api-key", b"").decode("latin-1").strip()
