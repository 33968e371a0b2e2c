"""Harriet's own addresses as an OAuth client: where people come back to, and the document that says what it is.

Both are apart for each issuer: whoever comes back shows by the address which provider sent them, also where answers
don't say so themselves (RFC 9700 §4.4.2), and no provider's registration is good for an answer to another.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from typing import Any

from django.conf import settings

CLIENT_NAME = "Harriet"
CALLBACK_PATH = "oauth/callback"
DOCUMENT_PATH = "oauth/client"
_LENGTH = 26
"""Characters of an issuer's name in addresses: 130 bits, so that nobody finds an issuer of their own with the same."""
_EXCHANGE = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def name_of(issuer: str) -> str:
    """Of an issuer in our addresses, the same for all organizations."""
    return b32encode(hashlib.sha256(issuer.encode()).digest())[:_LENGTH].decode().lower()


def callback_address(issuer: str) -> str:
    """Where its answers are taken, and no other's: the state says whose they are."""
    return f"{settings.BASE_URL}/{CALLBACK_PATH}/{name_of(issuer)}"


def document_address(issuer: str) -> str:
    """The client id of a client metadata document is its own address."""
    return _document_at(name_of(issuer))


def client_document(name: str) -> dict[str, Any]:
    """What is answered under an issuer's name: a public client, which no authorization server has to keep."""
    return {
        "client_id": _document_at(name),
        **description(f"{settings.BASE_URL}/{CALLBACK_PATH}/{name}"),
        "grant_types": ["authorization_code", "refresh_token", _EXCHANGE],
        "token_endpoint_auth_method": "none",
    }


def description(redirect_uri: str, *, is_native: bool = False) -> dict[str, Any]:
    """What a registration says of Harriet, whatever kind it is: people come back to it, or to a program on their own
    machine."""
    return {
        "client_name": CLIENT_NAME,
        "client_uri": settings.BASE_URL,
        "redirect_uris": [redirect_uri],
        "response_types": ["code"],
        "application_type": "native" if is_native else "web",
    }


def _document_at(name: str) -> str:
    return f"{settings.BASE_URL}/{DOCUMENT_PATH}/{name}.json"
