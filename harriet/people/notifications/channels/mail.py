"""The mail to approvers, owners and everybody else who is told of something, as soon as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from smtplib import SMTPException
from textwrap import shorten

from django.conf import settings
from django.core.mail import EmailMessage

from harriet.people.models import Notice, User
from harriet.people.notifications.channels.base import Channel, NotSent

PREFERENCES = "/account/notifications/"
"""Where people choose how they hear of what."""


class Mail(Channel):
    label = "Inbox and mail"

    def due(self, now: datetime) -> datetime | None:
        return now

    def send(self, user: User, lines: Sequence[Notice]) -> None:
        message = EmailMessage(subject_of(lines), body_of(lines), None, [user.email])
        try:
            message.send()
        except (SMTPException, OSError) as problem:
            raise NotSent(f"The mail server did not take it ({type(problem).__name__}).") from problem


def subject_of(lines: Sequence[Notice]) -> str:
    """One line, whatever people called their things."""
    if len(lines) > 1:
        return f"{len(lines)} matters for you at Harriet"
    return shorten(lines[0].text, 120, placeholder=" …")


def body_of(lines: Sequence[Notice]) -> str:
    """Each matter with its address, and at the foot where one chooses what comes by mail."""
    parts = [part for line in lines for part in _parts_of(line)]
    foot = f"Harriet, at {settings.BASE_URL}\nChoose what comes by mail: {settings.BASE_URL}{PREFERENCES}"
    return "\n\n".join([*parts, foot]) + "\n"


def _parts_of(line: Notice) -> list[str]:
    new = [(label, path) for label, path in line.details if path not in line.sent_details]
    listed = [f"{label}: {settings.BASE_URL}{path}" for label, path in new]
    parts = [line.text, f"{settings.BASE_URL}{line.path}"]
    return [*parts, "\n".join(listed)] if len(line.details) > 1 and listed else parts
