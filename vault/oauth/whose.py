"""Whose token goes with a call: the caller's own, or one that the organization shares."""

from __future__ import annotations

from uuid import UUID

from vault.errors import NeedsConsent, NeedsOperator, TokenProblem
from vault.models import OAuthClient
from vault.oauth.apart import acts_as_caller, which
from vault.oauth.exchanged import exchanged_access
from vault.oauth.lease import LEASE_SECONDS
from vault.oauth.shared import shared_grant
from vault.oauth.tokens import SealedAccess, sealed_access
from vault.stored import SealedCredential
from vault.types.base import EXCHANGE, ORGANIZATION
from vault.types.registry import TYPES

NEVER_CONNECTED = "never_connected"


def is_per_person(sealed: SealedCredential) -> bool:
    """Whether each caller needs a grant of their own."""
    return acts_as_caller(sealed.type, sealed.placement)


def access_for(
    sealed: SealedCredential,
    user_id: UUID | None,
    *,
    rejected_generation: int | None = None,
    wait_seconds: float = LEASE_SECONDS,
) -> SealedAccess:
    """The token for a call of this person, of an integration key when nobody is named. Raises TokenProblem."""
    try:
        if TYPES[sealed.type].signs_in_by == EXCHANGE:
            return exchanged_access(sealed, user_id, rejected_generation=rejected_generation, wait_seconds=wait_seconds)
        grant_id = _of_person(sealed, user_id) if is_per_person(sealed) else _shared(sealed)
        return sealed_access(grant_id, rejected_generation=rejected_generation, wait_seconds=wait_seconds)
    except TokenProblem as problem:
        problem.connector_id = sealed.connector_id
        raise


def _of_person(sealed: SealedCredential, user_id: UUID | None) -> UUID:
    mine = which(sealed.type, sealed.placement, sealed.oauth_client_id, user_id).rows
    grant = mine.filter(organization_id=sealed.organization_id).only("pk").first()
    if grant is None:
        raise _never_connected(sealed)
    return grant.pk


def _shared(sealed: SealedCredential) -> UUID:
    clients = OAuthClient.objects.filter(organization_id=sealed.organization_id)
    client = clients.get(pk=sealed.oauth_client_id or sealed.credential_id)
    mine = which(sealed.type, sealed.placement, client.pk, None)
    if TYPES[sealed.type].signs_in_by != ORGANIZATION:
        return shared_grant(client, mine.resource, mine.scopes, mine.renewed_by).pk
    grant = mine.rows.only("pk").first()
    if grant is None:
        raise NeedsOperator(
            f"Nobody has signed in yet with the account that {sealed.name} shares, so an IT admin has to.",
            client_id=client.pk,
            reason=NEVER_CONNECTED,
        )
    return grant.pk


def _never_connected(sealed: SealedCredential) -> NeedsConsent:
    client_id = sealed.oauth_client_id or sealed.credential_id
    return NeedsConsent(f"{sealed.name} has no connected account yet.", client_id=client_id, reason=NEVER_CONNECTED)
