"""Notes whether the mail server took the last mail. No audit event: nobody's access changes."""

from __future__ import annotations

from django.db.models.functions import Now

from harriet.people.models import MailResult


def note_mail_result(problem: str) -> None:
    """Empty when the mail went out."""
    changed = {"failed_at": Now(), "problem": problem[:200]} if problem else {"sent_at": Now(), "problem": ""}
    MailResult.objects.update_or_create(id=1, defaults=changed)
