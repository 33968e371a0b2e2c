"""Secrets of clients that can keep one: 256 random bits, of which only the SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
from hmac import compare_digest
from typing import NamedTuple

from harriet.lib.secret import Secret


class NewClientSecret(NamedTuple):
    secret: Secret
    stored: str
    """For `Application.client_secret`, with `hash_client_secret=False`: a slow hash would protect nothing that can't be
    guessed anyway, and let anybody keep the token endpoint busy."""
    hint: str
    """The last four characters."""


def new_client_secret() -> NewClientSecret:
    text = f"hrt_cs_{secrets.token_urlsafe(32)}"
    return NewClientSecret(Secret(text), stored_form(text), text[-4:])


def stored_form(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_secret(text: str, stored: str) -> bool:
    """Never for a client without a secret."""
    return bool(stored) and compare_digest(stored_form(text), stored)
