"""Forgets what nobody needs any more: lines that were read long ago, what could be used once and can't be any more, and
sessions that are over. A bounded number in one turn; docs/records.md says how long each is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.functions import Now

from harriet.lib.batches import delete_some
from harriet.people.models import (
    CredentialOffer,
    DeviceInvitation,
    Invitation,
    MadeOnce,
    Notice,
    RecoveryLink,
    SetupLink,
)

NOTICES_KEPT = timedelta(days=90)
"""Of what was read or is over."""
UNREAD_KEPT = timedelta(days=365)
"""Of what nobody ever read."""
LINKS_KEPT = timedelta(days=90)
"""After an invitation, an offer or a link is good for nothing any more, used or not; the log tells of it for good."""
MADE_ONCE_KEPT = timedelta(days=1)
"""What keeps a form that is sent twice from making two things."""
AT_ONCE = 5_000
"""Rows of a kind in one turn."""


def forget_old() -> int:
    """No audit event: nothing that anybody could do or read changes. Returns how many rows went."""
    return sum(delete_some(over, AT_ONCE) for over in (*_notices(), *_links()))


def forget_sessions() -> int:
    """Browser sessions that are over, with what is known of them."""
    return delete_some(Session.objects.filter(expire_date__lt=Now()), AT_ONCE)


def _notices() -> tuple[QuerySet[Notice], ...]:
    return (
        Notice.objects.filter(created_at__lt=Now() - NOTICES_KEPT, read_at__isnull=False),
        Notice.objects.filter(created_at__lt=Now() - UNREAD_KEPT, read_at=None),
    )


def _links() -> tuple[QuerySet[Any], ...]:
    ended = Now() - LINKS_KEPT
    kinds = (Invitation, DeviceInvitation, CredentialOffer, RecoveryLink, SetupLink)
    return (
        *(kind.objects.filter(expires_at__lt=ended) for kind in kinds),
        MadeOnce.objects.filter(created_at__lt=Now() - MADE_ONCE_KEPT),
    )
