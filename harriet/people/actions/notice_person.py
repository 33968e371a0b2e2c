"""Puts a line into a person's inbox and, when asked, into their mail; the same key is noticed once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from harriet.people.models import Notice, Organization, User


def notice_person(user: User, organization: Organization, text: str, path: str, key: str, mail: bool) -> bool:
    """True when it is news. No audit event: the change that it tells of has one."""
    with transaction.atomic():
        _, is_new = Notice.objects.get_or_create(
            user=user, key=key, defaults={"organization": organization, "text": text[:300], "path": path}
        )
        if is_new and mail:
            transaction.on_commit(lambda: send_notice(user.pk, text, path))
    return is_new


def send_notice(user_id: UUID, text: str, path: str, lines: Sequence[str] = ()) -> None:
    """A mail that can't be sent fails nothing: the line stands in the inbox. `lines` say what the text counts."""
    user = User.objects.get(pk=user_id)
    parts = [text, f"{settings.BASE_URL}{path}", "\n".join(lines), f"Harriet, at {settings.BASE_URL}"]
    body = "\n\n".join(part for part in parts if part) + "\n"
    send_mail(" ".join(text.split())[:120], body, None, [user.email], fail_silently=True)
