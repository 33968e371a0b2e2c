"""A service account's key file: what is read of it, and refused in words that say nothing of the key."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK

from harriet.lib.secret import Secret
from vault.errors import CredentialRefused

_LEAST_BITS = 2048
"""Of an RSA key (RFC 7518 §3.3)."""
_ALGORITHMS = {"RSA": "RS256", "P-256": "ES256"}
"""By the kind of key, or its curve."""


class KeyFile(NamedTuple):
    email: str
    """The service account's own name, and the assertion's issuer."""
    token_url: str
    key_id: str
    key: JWK
    algorithm: str


def read_key_file(secret: Secret) -> KeyFile:
    """Raises CredentialRefused, from a frame that shows nothing of the key."""
    fields = _fields(secret)
    email, token_url = _text(fields, "client_email"), _text(fields, "token_uri")
    if not email or not token_url or not _text(fields, "private_key"):
        raise _refused(
            "This is not the key file of a service account: client_email, private_key or token_uri is missing."
        )
    if urlsplit(token_url).scheme not in {"http", "https"}:
        raise _refused("The token_uri of this key file is not an https:// address.")
    key = _key(_text(fields, "private_key"))
    return KeyFile(email, token_url, _text(fields, "private_key_id"), key, _algorithm(key))


def _fields(secret: Secret) -> dict[str, Any]:
    try:
        fields = json.loads(secret.reveal())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise _refused("Paste the whole key file: it is JSON and begins with {.")
    return fields


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _key(pem: str) -> JWK:
    try:
        key = JWK.from_pem(pem.encode())
    except (JWException, ValueError, TypeError):
        key = None
    if key is None or not key.has_private:
        raise _refused("The private key in this file can't be read. Download the key again at the provider.")
    return key


def _algorithm(key: JWK) -> str:
    kind = str(key.get("crv") or key.get("kty"))
    if kind == "RSA" and key.get_op_key("sign").key_size < _LEAST_BITS:
        raise _refused(f"The private key in this file is shorter than {_LEAST_BITS} bits. Make a new key.")
    if kind not in _ALGORITHMS:
        raise _refused("The private key in this file is of a kind that Harriet doesn't sign with. Use RSA.")
    return _ALGORITHMS[kind]


def _refused(sentence: str) -> CredentialRefused:
    return CredentialRefused(sentence, field="secret")
