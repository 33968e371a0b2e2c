"""Seals bytes under a key so that they open only for the place they were sealed for. No models, no I/O.

    'H' | format 1 | suite 1 | key kind 1 | key version u32 | salt 32 | commitment 32 | ciphertext | tag 16

Suite 1: a fresh salt for each message; HKDF-SHA512(key, salt, info = header || AAD) gives an AES-256-GCM key, its nonce
and a commitment to the key (the construction of the AWS Encryption SDK's suite 0x0478). A key never meets a nonce
twice, so there is no budget of messages, and bytes can't be made that open under two keys.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable
from enum import IntEnum
from hmac import compare_digest
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.errors import CannotOpen

FORMAT = 1
SUITE = 1
KEY_BYTES = 32
_SALT_BYTES = 32
_COMMITMENT_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER = struct.Struct(">cBBBI")
_LENGTH = struct.Struct(">I")
_SALT_END = _HEADER.size + _SALT_BYTES
_COMMITMENT_END = _SALT_END + _COMMITMENT_BYTES
OVERHEAD = _COMMITMENT_END + _TAG_BYTES
"""Bytes that sealing adds to a plaintext."""
_SHA512 = SHA512()


class KeyKind(IntEnum):
    """What a key is for; it is bound into what the key seals."""

    ROOT = 0
    CONNECTOR = 1
    """Derived from the organization's data key for one connector."""


class Key:
    """A key, KEY_BYTES long, that no log line, traceback or pickle shows."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        if len(value) != KEY_BYTES:
            raise ValueError(f"A key has {KEY_BYTES} bytes.")
        self._value = value

    def reveal(self) -> bytes:
        return self._value

    def derive(self, info: bytes) -> Key:
        return Key(HKDF(_SHA512, KEY_BYTES, None, info).derive(self._value))

    def __repr__(self) -> str:
        return "Key(••••••)"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("A key is neither copied nor written down.")


def length_prefixed(parts: Iterable[bytes]) -> bytes:
    """Joins parts so that no other list of parts gives the same bytes."""
    return b"".join([_LENGTH.pack(len(part)) + part for part in parts])


def seal(key: Key, kind: KeyKind, key_version: int, context: bytes, plaintext: bytes) -> bytes:
    """AES-256-GCM with a fresh salt, committing to the key. `context` must be said again to open it."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return _seal_with_salt(key, kind, key_version, context, plaintext, salt)


def unseal(key: Key, kind: KeyKind, key_version: int, context: bytes, sealed: bytes) -> bytes:
    """The plaintext. Raises CannotOpen, from a frame that holds nothing secret."""
    plaintext = _try_unseal(key, _HEADER.pack(b"H", FORMAT, SUITE, kind, key_version), context, sealed)
    if plaintext is None:
        raise CannotOpen
    return plaintext


def key_version_of(sealed: bytes) -> int:
    """The key version that sealed bytes name; only a hint which key to try, proven by unsealing."""
    if len(sealed) < OVERHEAD or sealed[:1] != b"H":
        raise CannotOpen
    version: int = _HEADER.unpack_from(sealed)[4]
    return version


class _Material:
    """What is derived for one message. Shown by nothing, as a key."""

    __slots__ = ("commitment", "key", "nonce")

    def __init__(self, key: bytes, nonce: bytes, commitment: bytes) -> None:
        self.key, self.nonce, self.commitment = key, nonce, commitment

    @classmethod
    def of(cls, key: Key, salt: bytes, bound: bytes) -> _Material:
        derived = HKDF(_SHA512, KEY_BYTES + _NONCE_BYTES + _COMMITMENT_BYTES, salt, bound).derive(key.reveal())
        nonce_end = KEY_BYTES + _NONCE_BYTES
        return cls(derived[:KEY_BYTES], derived[KEY_BYTES:nonce_end], derived[nonce_end:])


def _seal_with_salt(key: Key, kind: KeyKind, key_version: int, context: bytes, plaintext: bytes, salt: bytes) -> bytes:
    """Apart from `seal` so that a test can freeze the format. A salt must never be used twice."""
    header = _HEADER.pack(b"H", FORMAT, SUITE, kind, key_version)
    bound = header + context
    material = _Material.of(key, salt, bound)
    ciphertext = AESGCM(material.key).encrypt(material.nonce, plaintext, bound)
    return header + salt + material.commitment + ciphertext


def _try_unseal(key: Key, header: bytes, context: bytes, sealed: bytes) -> bytes | None:
    opening = _opening(key, header, context, sealed)
    return opening.plaintext() if opening is not None else None


class Opening:
    """How one sealed text is opened, its key derived and its commitment checked: what is left is one decryption."""

    __slots__ = ("_bound", "_cipher", "_ciphertext", "_nonce")

    def __init__(self, cipher: AESGCM, nonce: bytes, bound: bytes, ciphertext: bytes) -> None:
        self._cipher, self._nonce, self._bound, self._ciphertext = cipher, nonce, bound, ciphertext

    def plaintext(self) -> bytes | None:
        try:
            return self._cipher.decrypt(self._nonce, self._ciphertext, self._bound)
        except InvalidTag:
            return None

    def __repr__(self) -> str:
        return "Opening(••••••)"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("How something is opened is neither copied nor written down.")


def opening_of(key: Key, kind: KeyKind, key_version: int, context: bytes, sealed: bytes) -> Opening | None:
    """To be kept for what is opened often. None when it can't be opened for this place."""
    return _opening(key, _HEADER.pack(b"H", FORMAT, SUITE, kind, key_version), context, sealed)


def _opening(key: Key, header: bytes, context: bytes, sealed: bytes) -> Opening | None:
    # Answers None rather than raising: error reports list the local variables of each frame that an exception
    # passes through, and this one holds key material.
    if len(sealed) < OVERHEAD or sealed[: _HEADER.size] != header:
        return None
    bound = header + context
    material = _Material.of(key, sealed[_HEADER.size : _SALT_END], bound)
    if not compare_digest(material.commitment, sealed[_SALT_END:_COMMITMENT_END]):
        return None
    return Opening(AESGCM(material.key), material.nonce, bound, sealed[_COMMITMENT_END:])
