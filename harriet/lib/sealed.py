"""Small state of Harriet's that others keep or carry (clients, Redis, a row): sealed, so that nobody else reads or
changes it.

AES-256-GCM (NIST SP 800-38D) under a key that is derived from `vault.key` for one purpose. The bytes are
nonce (12) ‖ ciphertext ‖ tag (16); as text they are base64url. Credentials are sealed elsewhere (`vault/seal.py`), with
keys of their own that can be changed. Whoever wants the state to age writes a time into it, and looks at it after
opening.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from harriet.lib import base64url
from harriet.lib.keyfile import derive

NONCE_BYTES = 12


class NotSealedHere(Exception):
    """This key did not seal it for this purpose, or bound it to something else. Says nothing of what is in it."""


class Sealer:
    """Seals and opens for one purpose. `purpose` is the label of the key's derivation (HKDF info): what was sealed
    under another label can't be opened, so a label never changes.

    `bound_to` is the associated data: not in the sealed bytes, and the same must be said to open them.
    """

    __slots__ = ("purpose",)

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """28 bytes longer than `plain`, and other bytes each time. Raises KeyProblem when the key can't be read."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, plain, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """What was sealed. Raises NotSealedHere, and KeyProblem when the key can't be read."""
        try:
            return self._cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):  # ValueError: too short to have a nonce
            raise NotSealedHere from None

    def seal_text(self, plain: bytes, bound_to: bytes) -> str:
        """`seal` as base64url: visible ASCII that any header, URL or JSON takes."""
        return base64url.encode(self.seal(plain, bound_to))

    def open_text(self, text: str, bound_to: bytes, *, longest: int) -> bytes:
        """What `seal_text` sealed; only its own spelling, and nothing of more than `longest` characters. Raises
        NotSealedHere, and KeyProblem when the key can't be read."""
        if len(text) > longest:
            raise NotSealedHere
        try:
            sealed = base64url.decode(text)
        except ValueError:
            raise NotSealedHere from None
        return self.open(sealed, bound_to)

    def _cipher(self) -> AESGCM:
        return AESGCM(derive("vault", self.purpose))
