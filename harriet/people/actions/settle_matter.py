"""Settle what people were told of: it is over, and every line about it says so. No audit events, as for the telling."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now

from harriet.people.models import Invitation, Notice
from harriet.people.notifications.kinds import INVITATION, Kind, Matter


def settle_matter(organization_id: UUID, key: str, *, text: str = "") -> int:
    """Nobody has to look any more, and what was not sent yet is not sent. `text` is what the line says from now on."""
    return _settle(_open(organization_id).filter(key=key), text)


def settle_matters(organization_id: UUID, beginning: str, *, besides: str = "") -> int:
    """All whose key begins so, but for one: the stages of one matter, or all that was told of one thing."""
    return _settle(_open(organization_id).filter(key__startswith=beginning).exclude(key=besides), "")


def settle_invitation(invitation: Invitation) -> int:
    """Whoever it is for was told of it where they work, in another organization."""
    key = f"{INVITATION.code} {invitation.pk}"
    return _settle(Notice.objects.filter(user__email__iexact=invitation.email, key=key, settled_at=None), "")


def settle_kind(organization_id: UUID, kind: Kind) -> int:
    """All that was told of this kind."""
    return _settle(_open(organization_id).filter(kind=kind.code), "")


def tell_end_of_matter(matter: Matter) -> int:
    """Settled, with the new text; and told to those alone to whom its beginning was sent."""
    lines = _open(matter.organization_id).filter(key=matter.key)
    return lines.update(
        text=matter.text[:300],
        settled_at=Now(),
        read_at=Coalesce("read_at", Now()),
        due_at=Case(When(sent_at__isnull=False, then=Now()), default=Value(None)),
    )


def reopen_matter(matter: Matter, *, within: timedelta) -> int:
    """It is back soon after its end: its lines are open and unread again, and nothing is sent. 0 where it was not told,
    or longer ago."""
    lines = Notice.objects.filter(organization=matter.organization_id, key=matter.key, created_at__gt=Now() - within)
    closed = lines.filter(settled_at__isnull=False)
    return closed.update(text=matter.text[:300], settled_at=None, read_at=None) or lines.count()


def reword_matter(matter: Matter) -> int:
    """It has become less; nobody has to look again for that."""
    lines = _open(matter.organization_id).filter(key=matter.key)
    details = [list(detail) for detail in matter.details]
    return lines.update(text=matter.text[:300], path=matter.path, details=details)


def _open(organization_id: UUID) -> QuerySet[Notice]:
    return Notice.objects.filter(organization_id=organization_id, settled_at=None)


def _settle(lines: QuerySet[Notice], text: str) -> int:
    said = {"text": text[:300]} if text else {}
    return lines.update(settled_at=Now(), read_at=Coalesce("read_at", Now()), due_at=None, **said)
