"""A credential as it is stored: where its secret is, and everything that isn't secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from vault.place import Place
from vault.types.base import Placement

SECRET_FIELD = "secret"  # noqa: S105
"""What the sealed value of a credential is called in its place."""
SEALED_HERE = "sealed"
"""The source of a secret that Harriet keeps itself, sealed in its own database."""


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """Safe to keep in memory, to compare and to log."""

    organization_id: UUID
    connector_id: UUID
    credential_id: UUID
    name: str
    type: str
    version: int
    placement: Placement
    key_version: int
    sealed: bytes
    """What the source opens: the secret, sealed; for another source what says where it finds the secret."""
    source: str = SEALED_HERE
    """The kind of the source, as `vault.sources.registry` calls it."""
    oauth_client_id: UUID | None = None
    """The registration that it signs in with, for types that do so by OAuth."""
    context: bytes = field(init=False, repr=False, compare=False)
    """What `sealed` is bound to; worked out once, because every call needs it."""

    def __post_init__(self) -> None:
        place = Place(self.organization_id, self.connector_id, self.credential_id, SECRET_FIELD, self.version)
        object.__setattr__(self, "context", place.bound_to(self.key_version))
