"""Bearer tokens and one-time links: made here, shown once, kept only as a SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

from harriet.lib.secret import Secret

PREFIXES: dict[str, str] = {
    "device": "hrt_dev_",
    "integration": "hrt_int_",
    "personal": "hrt_per_",
    "oauth": "hrt_app_",
    "refresh": "hrt_ref_",
    "agent": "hrt_agt_",
    "scim": "hrt_scim_",
    "setup": "",
    "invitation": "",
    "recovery": "",
}


class NewToken(NamedTuple):
    secret: Secret
    hash: bytes
    hint: str
    """The last four characters."""


def new_token(kind: str) -> NewToken:
    text = PREFIXES[kind] + secrets.token_urlsafe(32)
    return NewToken(Secret(text), hash_token(text), text[-4:])


def hash_token(text: str) -> bytes:
    """A plain SHA-256 is enough: the tokens are 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
