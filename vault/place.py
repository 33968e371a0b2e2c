"""Where a sealed value belongs: what its ciphertext is bound to."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from vault.seal import SUITE, length_prefixed


class Place(NamedTuple):
    """One version of one field of one record of one connector of one organization, and of one person if any."""

    organization_id: UUID
    connector_id: UUID
    record_id: UUID
    field: str
    version: int = 1
    owner_id: UUID | None = None

    def bound_to(self, key_version: int) -> bytes:
        return length_prefixed(
            (
                self.organization_id.bytes,
                self.connector_id.bytes,
                self.record_id.bytes,
                self.owner_id.bytes if self.owner_id else b"",
                self.field.encode(),
                key_version.to_bytes(4, "big"),
                self.version.to_bytes(4, "big"),
                bytes([SUITE]),
            )
        )
