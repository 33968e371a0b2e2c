"""What an approval is bound to, as 32 bytes: change any of it and the approval no longer fits."""

import hashlib
from dataclasses import dataclass, fields
from uuid import UUID

_DOMAIN = b"harriet-approval-v1"


@dataclass(frozen=True, slots=True)
class Bound:
    """Everything that the approver's yes is about. `arguments` are the exact bytes that will be sent."""

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


def binding(bound: Bound) -> bytes:
    """SHA-256 over every field, each with its length before it."""
    digest = hashlib.sha256(_DOMAIN)
    for field in fields(bound):
        part = _as_bytes(getattr(bound, field.name))
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _as_bytes(value: UUID | int | bytes | None) -> bytes:
    if value is None:
        return b""
    if isinstance(value, UUID):
        return value.bytes
    return value if isinstance(value, bytes) else value.to_bytes(8, "big")
