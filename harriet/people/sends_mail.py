"""Whether this installation sends mail at all: what people are told depends on it."""

from __future__ import annotations

from django.conf import settings


def sends_mail() -> bool:
    """Without a mail server, mails are written into a folder and reach nobody."""
    return bool(settings.EMAIL_URL)
