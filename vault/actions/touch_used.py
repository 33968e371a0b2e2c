"""Notes that credentials and connected accounts were used. Called in batches, off the way of the call: the audit log
has each use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models.functions import Now

from harriet.lib.side_notes import note
from vault.models import Credential
from vault.oauth.apart import Which


def touch_used(connector_ids: Iterable[UUID]) -> None:
    """By the database's clock. No event: the calls themselves are in the log."""
    used = Credential.objects.filter(connector_id__in=set(connector_ids)).values_list("pk", flat=True)
    note(Credential.objects.all(), used, last_used_at=Now())


def touch_accounts(used: Mapping[Which, str]) -> None:
    """With what each was used by."""
    for account, by in used.items():
        account.rows.update(last_used_at=Now(), last_used_by=by[:120])
