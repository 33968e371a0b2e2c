"""TOTP secrets and recovery codes in the database, sealed with a key that is not in it."""

from __future__ import annotations

import base64

from harriet.lib.sealed import Sealer

SECOND_FACTORS = Sealer("mfa/v1")
_BOUND_TO = b"mfa/v1"


def seal_text(text: str) -> str:
    """The sealed text in base64 (RFC 4648 §4, with padding), as it is stored."""
    return base64.b64encode(SECOND_FACTORS.seal(text.encode(), _BOUND_TO)).decode()


def open_text(sealed: str) -> str:
    """Raises NotSealedHere for anything that this key didn't seal, ValueError for what is no base64."""
    return SECOND_FACTORS.open(base64.b64decode(sealed), _BOUND_TO).decode()
