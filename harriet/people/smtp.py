"""Mail by SMTP, whoever in Harriet sends it; how each mail went is noted for whoever looks after the mail server."""

from __future__ import annotations

from collections.abc import Sequence
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from harriet.people.actions.note_mail_result import note_mail_result


class NotedSmtp(EmailBackend):
    def __init__(self, *args: Any, **options: Any) -> None:
        """A failure is seen here first, and kept from the caller afterwards when they asked for that."""
        self._is_silent = bool(options.pop("fail_silently", False))
        super().__init__(*args, **options)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        try:
            sent = super().send_messages(email_messages)
        except (SMTPException, OSError) as problem:
            note_mail_result(reason_of(problem))
            if not self._is_silent:
                raise
            return 0
        note_mail_result("")
        return sent or 0


def reason_of(problem: Exception) -> str:
    """What the server answered, or the system, in its words: neither knows the password's plain text."""
    code, answer = getattr(problem, "smtp_code", None), getattr(problem, "smtp_error", b"")
    if code is not None:
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
        return f"{code} {' '.join(text.split())[:180]}".strip()
    return str(getattr(problem, "strerror", "") or " ".join(str(problem).split()) or type(problem).__name__)
