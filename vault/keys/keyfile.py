"""The root key in a file: `vault.key` of the keys folder."""

from __future__ import annotations

from collections.abc import Mapping

from harriet.lib.keyfile import read_key
from vault.keys.base import RootKeyDescription
from vault.seal import Key, KeyKind, length_prefixed, seal, unseal

_KEY_VERSION = 0
"""A root key has one version: another key is another file."""
_FINGERPRINT_BYTES = 6


class KeyFile:
    """Read for each use, so that the key is in memory no longer than it is needed. Raises KeyProblem."""

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        return seal(_key(), KeyKind.ROOT, _KEY_VERSION, _flat(context), plaintext)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        return unseal(_key(), KeyKind.ROOT, _KEY_VERSION, _flat(context), wrapped)

    def describe(self) -> RootKeyDescription:
        fingerprint = _key().derive(b"harriet/root-key-fingerprint/v1").reveal()[:_FINGERPRINT_BYTES].hex()
        return RootKeyDescription("keyfile", f"vault.key, fingerprint {fingerprint}")


def _key() -> Key:
    return Key(read_key("vault")).derive(b"harriet/root-key/v1")


def _flat(context: Mapping[str, str]) -> bytes:
    return length_prefixed(part.encode() for pair in sorted(context.items()) for part in pair)
