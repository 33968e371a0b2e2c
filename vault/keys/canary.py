"""A canary: known bytes, wrapped by a root key and stored beside its name, so that another key is noticed."""

from __future__ import annotations

from vault.errors import CannotOpen
from vault.keys.base import RootKeyProvider

_CANARY = b"harriet root key canary"
_CONTEXT = {"purpose": "canary"}


def new_canary(provider: RootKeyProvider) -> bytes:
    """Bytes that only this root key opens, to be kept in a row."""
    return provider.wrap(_CANARY, _CONTEXT)


def opens_canary(provider: RootKeyProvider, canary: bytes) -> bool:
    """Whether this is the root key that made the canary."""
    try:
        return provider.unwrap(canary, _CONTEXT) == _CANARY
    except CannotOpen:
        return False
