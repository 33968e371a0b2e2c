"""The places where a root key can be kept (later a key service: PKCS#11, a cloud's KMS), and the one in use."""

from __future__ import annotations

from collections.abc import Callable

from vault.keys.base import RootKeyProvider
from vault.keys.keyfile import KeyFile

ROOT_KEYS: dict[str, Callable[[], RootKeyProvider]] = {
    "keyfile": KeyFile,
}
"""By the kind that rows remember."""
_IN_USE = "keyfile"
"""A setting says it as soon as there is another kind."""


def root_key() -> RootKeyProvider:
    """The root key of this installation."""
    return ROOT_KEYS[_IN_USE]()
