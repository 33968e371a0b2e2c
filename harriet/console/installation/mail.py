"""A mail to oneself, sent while one waits: what the mail server says is seen at once."""

from __future__ import annotations

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from harriet.lib.errors import Problem
from harriet.people.models import User
from harriet.people.smtp import reason_of

_TEXT = "This is the test that you asked for. Harriet's mails reach you."


def send_test_mail(user: User) -> None:
    """Raises Problem when the server can't be reached or refuses it. No audit event: nothing is changed."""
    if not settings.EMAIL_URL:
        raise Problem("No mail server is set: EMAIL_URL. Nothing was sent.")
    try:
        sent = send_mail("A test of Harriet's mail", f"{_TEXT}\n\n{settings.BASE_URL}\n", None, [user.email])
    except (SMTPException, OSError) as error:
        raise Problem(f"The mail server did not take it: {reason_of(error)}. Nothing was sent.") from None
    if not sent:
        raise Problem("The mail server did not take it, and said nothing. Nothing was sent.")
