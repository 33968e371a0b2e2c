"""Notes in which browser somebody is signed in. No audit event: signing in has one."""

from __future__ import annotations

from django.db.models.functions import Now

from harriet.people.models import BrowserSession, User


def note_session(user: User, session_key: str, browser: str, address: str) -> None:
    """Again for a session that is known already: its browser and address may be others by now."""
    BrowserSession.objects.update_or_create(
        session_id=session_key,
        defaults={"user": user, "browser": browser[:200], "address": address[:45], "seen_at": Now()},
    )


def note_session_seen(session_key: str, address: str) -> None:
    BrowserSession.objects.filter(session=session_key).update(seen_at=Now(), address=address[:45])
