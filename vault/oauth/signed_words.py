"""What a JWT says, read and not verified: for those that came straight from who wrote them, or are sent on to who does
verify them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from harriet.lib import base64url
from harriet.lib.secret import Secret


def header_in(token: Secret) -> Mapping[str, Any]:
    """Empty for what is no JWT."""
    return _part(token, 0)


def claims_in(token: Secret) -> Mapping[str, Any]:
    return _part(token, 1)


def _part(token: Secret, number: int) -> Mapping[str, Any]:
    parts = token.reveal().split(".")
    try:
        found = orjson.loads(base64url.decode(parts[number])) if len(parts) == 3 else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
