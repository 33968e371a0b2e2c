"""Signatures of webhooks, as the Standard Webhooks specification has them (standardwebhooks.com, v1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from secrets import token_bytes
from uuid import UUID

from harriet.lib.secret import Secret

PREFIX = "whsec_"
KEY_BYTES = 32


def new_key() -> Secret:
    """In the form in which libraries take it."""
    return Secret(PREFIX + base64.b64encode(token_bytes(KEY_BYTES)).decode())


def signed_headers(key: Secret, message_id: UUID, unix_time: int, body: bytes) -> dict[str, str]:
    """The receiver computes the same over `id.timestamp.body`, and refuses what is minutes old. The id of a message
    stays when it is sent again, so that it can be known."""
    raw = base64.b64decode(key.reveal().removeprefix(PREFIX))
    signed = f"{message_id}.{unix_time}.".encode() + body
    mac = base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": str(message_id), "webhook-timestamp": str(unix_time), "webhook-signature": f"v1,{mac}"}
