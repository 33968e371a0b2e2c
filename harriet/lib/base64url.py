"""base64url without padding (RFC 4648 §5), read in its one spelling only: what is decided by a text is not decided anew
by another text of the same bytes."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(raw: bytes) -> str:
    """ASCII letters, digits, “-” and “_”, without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises ValueError for anything that `encode` would not have written: padding, loose bits, other letters."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(raw) != text:
        raise ValueError("This is not base64url as it is written here.")
    return raw
