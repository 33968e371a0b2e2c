"""Seals TOTP secrets and recovery codes with a key that is not in the database (AES-256-GCM)."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from harriet.lib.keyfile import derive

_PURPOSE = "mfa/v1"
_NONCE = 12


def seal_text(text: str) -> str:
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + _cipher().encrypt(nonce, text.encode(), _PURPOSE.encode())).decode()


def open_text(sealed: str) -> str:
    """Raises cryptography.exceptions.InvalidTag for anything that this key didn't seal."""
    raw = base64.b64decode(sealed)
    return _cipher().decrypt(raw[:_NONCE], raw[_NONCE:], _PURPOSE.encode()).decode()


def _cipher() -> AESGCM:
    return AESGCM(derive("vault", _PURPOSE))
