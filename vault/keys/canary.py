"""A canary: known bytes, wrapped by a root key and stored beside its name, so that another key is noticed."""

from __future__ import annotations

from vault.errors import CannotOpen
from vault.keys.base import RootKeyProvider

_CANARY = b"harriet root key canary"
_CONTEXT = {"purpose": "canary"}


def new_canary(provider: RootKeyProvider) -> bytes:
    return provider.wrap(_CANARY, _CONTEXT)


def opens_canary(provider: RootKeyProvider, canary: bytes) -> bool:
    try:
        return provider.unwrap(canary, _CONTEXT) == _CANARY
    except CannotOpen:
        return False
