"""Marks a person's notices as read."""

from __future__ import annotations

from django.db.models.functions import Now

from harriet.people.models import Notice, Organization, User


def read_notices(user: User, organization: Organization) -> int:
    """No audit event: it is the person's own inbox and changes nobody's access."""
    return Notice.objects.filter(user=user, organization=organization, read_at=None).update(read_at=Now())
