"""Erases secrets that were replaced: after a day, or at once where they may not go. What nobody can switch back to,
nobody needs to keep."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from audit.actor import SYSTEM, Label
from audit.record import record
from vault.events import CredentialDeleted, CredentialOldForgotten
from vault.models import Credential, CredentialVersion
from vault.queries import KEPT_FOR

AT_ONCE = 500
"""Versions; the rest waits for the next run."""


@transaction.atomic
def forget_replaced() -> int:
    """How many were erased; at most AT_ONCE a run. Their rows and digests stay, for the proof of what was saved."""
    due = _replaced().select_for_update(of=("self",), skip_locked=True).filter(replaced_at__lt=Now() - KEPT_FOR)
    return _erase(due.order_by("replaced_at")[:AT_ONCE])


@transaction.atomic
def forget_previous(connector_id: UUID) -> int:
    """At once, and whatever their age: nobody said that they may go where the connector goes now."""
    return _erase(_replaced().select_for_update(of=("self",)).filter(credential__connector_id=connector_id))


def _replaced() -> QuerySet[CredentialVersion]:
    return CredentialVersion.objects.filter(is_current=False, forgotten_at=None).select_related("credential")


def _erase(versions: QuerySet[CredentialVersion]) -> int:
    due = list(versions)
    CredentialVersion.objects.filter(pk__in=[version.pk for version in due]).update(
        sealed=b"", sent_as={}, forgotten_at=Now()
    )
    for version in due:
        _tell(version)
    _delete_empty({version.credential_id for version in due})
    return len(due)


def _delete_empty(ids: set[UUID]) -> None:
    """Of those that were taken out of use nothing is left."""
    held = {one.pk for one in Credential.objects.select_for_update().filter(pk__in=ids)}
    versions = CredentialVersion.objects.filter(credential=OuterRef("pk"))
    is_left = Exists(versions.filter(Q(is_current=True) | Q(forgotten_at=None)))
    for credential in Credential.objects.filter(~is_left, pk__in=held):
        record(
            CredentialDeleted(connector=Label(credential.connector_id, credential.name), credential=str(credential.pk)),
            organization_id=credential.organization_id,
            actor=SYSTEM,
        )
        credential.delete()


def _tell(version: CredentialVersion) -> None:
    credential = version.credential
    record(
        CredentialOldForgotten(connector=Label(credential.connector_id, credential.name), version=version.number),
        organization_id=credential.organization_id,
        actor=SYSTEM,
    )
