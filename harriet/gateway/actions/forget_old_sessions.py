"""Forget client sessions that nobody used for a week: whoever comes back begins a new one."""

from __future__ import annotations

from django.db.models.functions import Now

from harriet.gateway.models import SESSIONS_KEPT, ClientSession


def forget_old_sessions() -> int:
    """Returns how many. No audit event: a session is what a server remembers of a client, and nobody's access."""
    return ClientSession.objects.filter(changed_at__lt=Now() - SESSIONS_KEPT).delete()[0]
