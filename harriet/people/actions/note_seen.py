"""Notes that tokens, with their agents, and devices were seen. Called in batches, off the way of the call.

Nobody's rights depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models.functions import Now

from harriet.lib.side_notes import note
from harriet.people.models import AccessToken, Agent, Device


def note_seen(token_ids: Iterable[UUID], device_ids: Iterable[UUID]) -> None:
    """By the database's clock. No event: the calls themselves are in the log."""
    tokens = set(token_ids)
    agents = Agent.objects.filter(tokens__in=tokens).values_list("pk", flat=True)
    note(AccessToken.objects.all(), tokens, last_seen_at=Now())
    note(Agent.objects.all(), agents, last_seen_at=Now())
    note(Device.objects.all(), device_ids, last_seen_at=Now())
