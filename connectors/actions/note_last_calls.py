"""Notes that tools were called. Called in batches, off the way of the call; the audit log has each call."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models.functions import Now

from connectors.models import Tool
from harriet.lib.side_notes import note


def note_last_calls(tool_ids: Iterable[UUID]) -> None:
    """No event and no actor: this is a column that a page shows."""
    note(Tool.objects.all(), tool_ids, last_called_at=Now())
