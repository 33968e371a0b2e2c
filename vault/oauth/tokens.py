"""The access token of a grant, for one request: renewed when it has to be, and opened as late as possible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from harriet.lib.secret import Secret
from vault.models import OAuthGrant
from vault.oauth.answers import BEARER
from vault.oauth.lease import LEASE_SECONDS, Wanted, needs_operator
from vault.oauth.refresh import good_grant
from vault.oauth.sealing import ACCESS, token_place
from vault.open import Opener, opener_for
from vault.place import Place


@dataclass(frozen=True, slots=True)
class SealedAccess:
    """Safe to keep in memory: opens only with the organization's keys."""

    grant_id: UUID
    generation: int
    sealed: bytes
    place: Place
    expires_at: datetime
    next_refresh_at: datetime | None
    since: datetime
    """When the account was connected: another consent may have been for another account."""

    def opened(self, opener: Opener) -> Secret:
        """Raises CannotOpen."""
        return opener.open_secret(self.place, self.sealed)


@dataclass(frozen=True, slots=True)
class OpenAccess:
    token: Secret
    type: str
    expires_at: datetime
    generation: int


def access_token(
    grant_id: UUID, *, rejected_generation: int | None = None, wait_seconds: float = LEASE_SECONDS
) -> OpenAccess:
    """Whoever was refused by a server says with which generation: if there is a newer one, that is the answer.

    Raises NeedsConsent, OutcomeUnknown, NeedsOperator, NotNow, CannotOpen; OAuthGrant.DoesNotExist.
    """
    grant = good_grant(grant_id, Wanted(rejected_generation), wait_seconds=wait_seconds)
    sealed = sealed_access_of(grant)
    token = sealed.opened(opener_for(grant.organization_id))
    return OpenAccess(token, grant.token_type, sealed.expires_at, sealed.generation)


def sealed_access(
    grant_id: UUID, *, rejected_generation: int | None = None, wait_seconds: float = LEASE_SECONDS
) -> SealedAccess:
    """The same, not opened yet. Raises as `access_token` does, but for CannotOpen."""
    return sealed_access_of(good_grant(grant_id, Wanted(rejected_generation), wait_seconds=wait_seconds))


def sealed_access_of(grant: OAuthGrant) -> SealedAccess:
    """Raises NeedsOperator for a token that can't be sent as a bearer token (RFC 6750)."""
    if grant.token_type != BEARER or grant.sealed_access is None or grant.access_expires_at is None:
        raise needs_operator(grant)
    return SealedAccess(
        grant.pk,
        grant.generation,
        bytes(grant.sealed_access),
        token_place(grant, ACCESS, grant.generation),
        grant.access_expires_at,
        grant.next_refresh_at,
        grant.granted_at,
    )
