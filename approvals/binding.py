"""What an approval is bound to, as 32 bytes: change any of it and the approval no longer fits."""

import hashlib
from dataclasses import dataclass, fields
from uuid import UUID

_DOMAIN = b"harriet-approval-v1"
_WITH_META = b"harriet-approval-v2"
"""Of its own, so that what was asked before `_meta` was part of it keeps its binding."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Everything that the approver's yes is about. `arguments` and `meta` are the exact bytes that will be sent."""

    organization_id: UUID
    profile_id: UUID | None
    token_id: UUID | None
    user_id: UUID | None
    connector_id: UUID
    connector_revision: int
    tool_id: UUID
    tool_digest: bytes
    credential_id: UUID | None
    credential_version: int
    arguments: bytes
    meta: bytes = b""


def binding(bound: Bound) -> bytes:
    """SHA-256 over every field, each with its length before it."""
    digest = hashlib.sha256(_WITH_META if bound.meta else _DOMAIN)
    for field in fields(bound):
        if field.name == "meta" and not bound.meta:
            continue
        part = _as_bytes(getattr(bound, field.name))
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _as_bytes(value: UUID | int | bytes | None) -> bytes:
    if value is None:
        return b""
    if isinstance(value, UUID):
        return value.bytes
    return value if isinstance(value, bytes) else value.to_bytes(8, "big")
