"""Notes that tokens and devices were seen. Called in batches, off the way of the call; nobody's rights depend on it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models.functions import Now

from harriet.people.models import AccessToken, Device


def note_seen(token_ids: Iterable[UUID], device_ids: Iterable[UUID]) -> None:
    """By the database's clock. No event: the calls themselves are in the log."""
    AccessToken.objects.filter(pk__in=set(token_ids)).update(last_seen_at=Now())
    Device.objects.filter(pk__in=set(device_ids)).update(last_seen_at=Now())
