"""What the gateway knows of an organization, for tests that ask it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from connectors.access.facts import OrganizationFacts
from connectors.access.load import load, member_rows
from harriet.gateway.policy.compile import compile_snapshot
from harriet.gateway.policy.last_known import forget
from harriet.gateway.policy.principal import Principal, bearers_of, bearers_with
from harriet.gateway.policy.snapshot import Snapshot
from harriet.people.models import AccessToken, Membership
from harriet.people.tokens import hash_token


def facts_of(organization_id: UUID) -> OrganizationFacts:
    """With all members."""
    return replace(load(organization_id), members=member_rows(Membership.objects.filter(organization=organization_id)))


def bearers_in(organization_id: UUID) -> dict[bytes, Principal]:
    """Whoever may open the gateway there, by the hash of their token."""
    tokens = AccessToken.objects.filter(organization=organization_id)
    return bearers_with(organization_id, list(tokens.values_list("pk", flat=True)))


def snapshot_of(organization_id: UUID, *tokens: str) -> Snapshot:
    """Read whole, with the bearers of these tokens, as if they had called."""
    forget(organization_id)
    snapshot = compile_snapshot(organization_id)
    assert snapshot is not None
    snapshot.callers.keep(bearers_of([hash_token(token) for token in tokens]))
    return snapshot
