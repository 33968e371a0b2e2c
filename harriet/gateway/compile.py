"""Builds what the hot path reads: one immutable snapshot per organization, in a handful of bulk queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from audit.event import Frame
from connectors.models import Connector
from connectors.snapshot import OrganizationFacts, ProfileRow, load
from harriet.people.models import Organization, OrganizationVersion
from vault.open import Opener, SealedCredential, opener_for
from vault.queries import sealed_credentials

from .policy import Grant, View, ViewKey
from .principal import Principal, load_principals


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An organization as it was at one version. Only `views` and `frames` grow: made when they are first needed."""

    facts: OrganizationFacts
    number: int
    principals: Mapping[bytes, Principal]
    """By the hash of their token."""
    by_token: Mapping[UUID, Principal]
    profiles: Mapping[str, ProfileRow]
    credentials: Mapping[UUID, SealedCredential]
    opener: Opener
    down_since: Mapping[UUID, datetime]
    views: dict[ViewKey, View] = field(default_factory=dict)
    frames: dict[tuple[int, int, str], tuple[Principal, Grant, Frame]] = field(default_factory=dict)
    """What the events of a principal's calls of one thing, with one client, have in common."""

    def principal_of(self, token_id: UUID) -> Principal | None:
        return self.by_token.get(token_id)

    def profile_of(self, profile_id: UUID) -> ProfileRow | None:
        return self.facts.profiles.get(profile_id)


def compile_snapshot(organization_id: UUID) -> Snapshot | None:
    """None when the organization is gone. All queries see the same moment, so the number fits the rows."""
    _make_sure_of_keys(organization_id)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return _compile(organization_id)


def _make_sure_of_keys(organization_id: UUID) -> None:
    """Opening for the first time makes the organization's data key, which a read-only transaction can't."""
    if Organization.objects.filter(pk=organization_id).exists():
        opener_for(organization_id)


def _compile(organization_id: UUID) -> Snapshot | None:
    number = OrganizationVersion.objects.filter(pk=organization_id).values_list("number", flat=True).first()
    try:
        facts = load(organization_id)
    except Organization.DoesNotExist:
        return None
    principals = load_principals(facts)
    return Snapshot(
        facts=facts,
        number=number or 0,
        principals=principals,
        by_token={one.token_id: one for one in principals.values()},
        profiles={profile.slug: profile for profile in facts.profiles.values()},
        credentials=sealed_credentials(organization_id),
        opener=opener_for(organization_id),
        down_since=_down_since(organization_id),
    )


def _down_since(organization_id: UUID) -> dict[UUID, datetime]:
    """The connectors whose calls pause."""
    down = Connector.objects.filter(organization_id=organization_id, health=Connector.Health.DOWN)
    return {row_id: since for row_id, since in down.values_list("id", "health_changed_at") if since is not None}
