"""Marks notices as read: a person's own, or everyone's about something that is settled."""

from __future__ import annotations

from uuid import UUID

from django.db.models.functions import Now

from harriet.people.models import Notice, Organization, User


def read_notices(user: User, organization: Organization) -> int:
    """No audit event: it is the person's own inbox and changes nobody's access."""
    return Notice.objects.filter(user=user, organization=organization, read_at=None).update(read_at=Now())


def settle_notices(organization_id: UUID, key: str) -> int:
    """What the notices asked for was done, by whomever: nobody has to look any more."""
    return Notice.objects.filter(organization_id=organization_id, key=key, read_at=None).update(read_at=Now())
