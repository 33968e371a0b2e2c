"""Notes that tokens, with their agents, and devices were seen. Called in batches, off the way of the call.

Nobody's rights depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models.functions import Now

from harriet.people.models import AccessToken, Agent, Device


def note_seen(token_ids: Iterable[UUID], device_ids: Iterable[UUID]) -> None:
    """By the database's clock. No event: the calls themselves are in the log."""
    tokens = set(token_ids)
    AccessToken.objects.filter(pk__in=tokens).update(last_seen_at=Now())
    Agent.objects.filter(tokens__in=tokens).update(last_seen_at=Now())
    Device.objects.filter(pk__in=set(device_ids)).update(last_seen_at=Now())
