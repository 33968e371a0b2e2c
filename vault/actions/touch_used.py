"""Notes that credentials were used. Called in batches, off the way of the call; the audit log has each use."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models.functions import Now

from vault.models import Credential


def touch_used(connector_ids: Iterable[UUID]) -> None:
    """By the database's clock. No event: the calls themselves are in the log."""
    Credential.objects.filter(connector_id__in=set(connector_ids)).update(last_used_at=Now())
