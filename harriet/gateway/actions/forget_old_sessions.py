"""Forget client sessions that nobody used for a week: whoever comes back begins a new one."""

from __future__ import annotations

from django.db.models.functions import Now

from harriet.gateway.models import SESSIONS_KEPT, ClientSession
from harriet.lib.batches import delete_some

AT_ONCE = 20_000
"""Sessions in one turn."""


def forget_old_sessions() -> int:
    """Returns how many. No audit event: a session is what a server remembers of a client, and nobody's access."""
    return delete_some(ClientSession.objects.filter(changed_at__lt=Now() - SESSIONS_KEPT), AT_ONCE)
