"""Forgets clients that registered and were never used, and steps that are weeks old: a bounded number in one turn."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from harriet.lib.batches import delete_some
from harriet.signin.models import Application, ConnectionStep

STEPS_KEPT = timedelta(days=30)
_AT_ONCE = 5000


def forget_unused_clients() -> int:
    """Those whose time is over; a client that a person allowed has none. A blocked one stays, so that its like stay
    blocked. No event: nobody ever allowed them anything."""
    over = Application.objects.filter(expires_at__lt=Now(), connected_apps=None)
    over = over.exclude(standing=Application.Standing.BLOCKED)
    return delete_some(over.order_by("expires_at"), _AT_ONCE)


def forget_old_steps() -> int:
    return delete_some(ConnectionStep.objects.filter(at__lt=Now() - STEPS_KEPT).order_by("at"), _AT_ONCE)
