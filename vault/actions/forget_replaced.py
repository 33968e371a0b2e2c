"""Erases secrets that were replaced more than a day ago: what nobody can switch back to, nobody needs to keep."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import SYSTEM, Label
from audit.record import record

from ..events import CREDENTIAL_OLD_FORGOTTEN
from ..models import CredentialVersion
from ..queries import KEPT_FOR

AT_ONCE = 500


def forget_replaced() -> int:
    """How many were erased; at most AT_ONCE a run. Their rows and digests stay, for the proof of what was saved."""
    with transaction.atomic():
        due = list(
            CredentialVersion.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(is_current=False, forgotten_at=None, replaced_at__lt=Now() - KEPT_FOR)
            .select_related("credential")
            .order_by("replaced_at")[:AT_ONCE]
        )
        CredentialVersion.objects.filter(pk__in=[version.pk for version in due]).update(
            sealed=b"", sent_as={}, forgotten_at=Now()
        )
        for version in due:
            _tell(version)
    return len(due)


def _tell(version: CredentialVersion) -> None:
    credential = version.credential
    record(
        CREDENTIAL_OLD_FORGOTTEN,
        organization_id=credential.organization_id,
        actor=SYSTEM,
        connector=Label(credential.connector_id, credential.name),
        version=version.number,
    )
