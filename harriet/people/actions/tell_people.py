"""Tell people of a matter: a line in each inbox, and what each wants beside it. No audit event: the cause has one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from harriet.people.actions.send_notices import send_notices_now, send_notices_soon
from harriet.people.models import Notice
from harriet.people.notifications.kinds import Matter


@transaction.atomic
def tell_people(matter: Matter, user_ids: Iterable[UUID]) -> list[UUID]:
    """Once, however many processes see the same: returns those for whom it is news. What was over is news again."""
    lines = {line.pk: line for line in _lines(matter, user_ids)}
    over = Notice.objects.filter(user_id__in=[line.user_id for line in lines.values()], key=matter.key)
    over.filter(settled_at__isnull=False).delete()
    Notice.objects.bulk_create(lines.values(), ignore_conflicts=True)
    news = list(Notice.objects.filter(pk__in=lines).values_list("user_id", flat=True))
    if news:
        transaction.on_commit(partial(send_notices_now, news), robust=True)
    return news


@transaction.atomic
def tell_people_again(matter: Matter, user_ids: Iterable[UUID]) -> None:
    """The same line, unread again for everyone: it has more in it, or is back. A worker sends what is due of it."""
    Notice.objects.bulk_create(
        _lines(matter, user_ids),
        update_conflicts=True,
        unique_fields=["user", "key"],
        update_fields=["text", "path", "details", "created_at", "read_at", "settled_at", "due_at"],
    )
    send_notices_soon()


def _lines(matter: Matter, user_ids: Iterable[UUID]) -> list[Notice]:
    return [
        Notice(
            user_id=user_id,
            organization_id=matter.organization_id,
            kind=matter.kind.code,
            key=matter.key,
            text=matter.text[:300],
            path=matter.path,
            details=[list(detail) for detail in matter.details],
            due_at=Now(),
        )
        for user_id in dict.fromkeys(user_ids)
    ]
