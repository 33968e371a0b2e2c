"""Puts a line into several inboxes at once, or says an old line anew; and changes what an unread line says."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from harriet.people.models import Notice


def notice_people(user_ids: Iterable[UUID], organization_id: UUID, *, text: str, path: str, key: str) -> None:
    """The line is unread again for everyone, also for those who read what it said before. No audit event: the change
    that it tells of has one."""
    lines = [
        Notice(user_id=user_id, organization_id=organization_id, key=key, text=text[:300], path=path)
        for user_id in user_ids
    ]
    Notice.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["user", "key"],
        update_fields=["text", "path", "created_at", "read_at"],
    )


def reword_notices(organization_id: UUID, key: str, *, text: str, path: str) -> int:
    """What the line is about has become less; nobody has to look again for that."""
    unread = Notice.objects.filter(organization_id=organization_id, key=key, read_at=None)
    return unread.update(text=text[:300], path=path)
