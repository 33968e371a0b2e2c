"""Reads of the vault: sealed credentials for the gateway, rows for the vault page. Never a plaintext."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Now

from vault.models import Credential, CredentialVersion, DataKey, OAuthGrant
from vault.stored import SealedCredential

KEPT_FOR = timedelta(days=1)
"""How long a replaced secret can be switched back to."""
MOST_KEPT = 5
"""Of one credential, as pages list them."""
DUE_SOON = timedelta(days=14)
"""Before its rotation is due, pages say so."""


def sealed_credentials(
    organization_id: UUID, connectors: Collection[UUID] | None = None
) -> dict[UUID, SealedCredential]:
    """The current credential of each connector that has one, of all or of some, by connector id. One query."""
    rows = _current().filter(credential__organization_id=organization_id)
    if connectors is not None:
        rows = rows.filter(credential__connector_id__in=connectors)
    return {row.credential.connector_id: sealed_of(row) for row in rows}


def sealed_credentials_of(connector_ids: list[UUID]) -> dict[UUID, SealedCredential]:
    """The current credential of each of these connectors that has one, whoever's they are. One query."""
    rows = _current().filter(credential__connector_id__in=connector_ids)
    return {row.credential.connector_id: sealed_of(row) for row in rows}


def sealed_credential(organization_id: UUID, connector_id: UUID) -> SealedCredential | None:
    """The current credential of one connector."""
    row = _current().filter(credential__organization_id=organization_id, credential__connector_id=connector_id).first()
    return sealed_of(row) if row else None


def sealed_of(row: CredentialVersion) -> SealedCredential:
    """The row as a value that needs no database to be opened."""
    credential = row.credential
    return SealedCredential(
        organization_id=credential.organization_id,
        connector_id=credential.connector_id,
        credential_id=credential.pk,
        name=credential.name,
        type=credential.type,
        version=row.number,
        placement=credential.placement,
        key_version=row.key_version,
        sealed=bytes(row.sealed),
        oauth_client_id=credential.oauth_client_id,
    )


def credential_of(connector_id: UUID) -> Credential | None:
    """A connector's credential, with what a page tells about it: owner, and `saved`, its current version."""
    return _with_saved(Credential.objects.filter(connector_id=connector_id)).first()


def credentials_of(organization_id: UUID) -> QuerySet[Credential]:
    """All credentials of an organization for the vault page."""
    return _with_saved(Credential.objects.filter(organization_id=organization_id)).order_by("name", "pk")


def current_version(credential: Credential) -> CredentialVersion:
    """The version in use, of a credential read by `credential_of` or `credentials_of` without another query."""
    found: list[CredentialVersion] | None = getattr(credential, "saved", None)
    return found[0] if found else credential.versions.get(is_current=True)


def kept_versions(connector_id: UUID) -> list[CredentialVersion]:
    """The versions that can be switched back to, the one before the current first. One query."""
    mine = CredentialVersion.objects.filter(credential__connector_id=connector_id, is_current=False)
    kept = mine.filter(forgotten_at=None, replaced_at__gt=Now() - KEPT_FOR)
    return list(kept.exclude(sent_as={}).select_related("credential", "saved_by").order_by("-number")[:MOST_KEPT])


def kept_until(version: CredentialVersion) -> datetime | None:
    """When a replaced version is erased; None for one that is in use."""
    return version.replaced_at + KEPT_FOR if version.replaced_at else None


def grants_of(organization_id: UUID) -> QuerySet[OAuthGrant]:
    """What people connected in an organization, and what it shares, for pages."""
    return OAuthGrant.objects.filter(organization_id=organization_id).select_related("client", "user", "organization")


def data_keys_of(organization_id: UUID) -> list[DataKey]:
    """The data keys that still open something, oldest first."""
    return list(_that_open().filter(organization_id=organization_id).order_by("version"))


def data_keys_by_organization(organization_ids: set[UUID]) -> dict[UUID, list[DataKey]]:
    """The same of many, in one query; an organization without a key has no list."""
    found: dict[UUID, list[DataKey]] = {}
    for key in _that_open().filter(organization__in=organization_ids).order_by("version"):
        found.setdefault(key.organization_id, []).append(key)
    return found


def _that_open() -> QuerySet[DataKey]:
    return DataKey.objects.exclude(state=DataKey.State.DESTROYED)


def _current() -> QuerySet[CredentialVersion]:
    return CredentialVersion.objects.filter(is_current=True).select_related("credential")


def in_use(rows: QuerySet[Credential]) -> QuerySet[Credential]:
    """Those with a secret in use: of one that was taken out, nothing is shown but the way back to it."""
    return rows.filter(Exists(CredentialVersion.objects.filter(credential=OuterRef("pk"), is_current=True)))


def _with_saved(rows: QuerySet[Credential]) -> QuerySet[Credential]:
    current = CredentialVersion.objects.filter(is_current=True).select_related("saved_by")
    return in_use(rows).select_related("owner").prefetch_related(Prefetch("versions", current, to_attr="saved"))
