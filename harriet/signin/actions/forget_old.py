"""Forgets clients that registered and were never used, and steps that are weeks old: a bounded number in one turn."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from harriet.signin.models import Application, ConnectionStep

STEPS_KEPT = timedelta(days=30)
_AT_ONCE = 5000


def forget_unused_clients() -> int:
    """Those whose time is over; a client that a person allowed has none. A blocked one stays, so that its like stay
    blocked. No event: nobody ever allowed them anything."""
    over = Application.objects.filter(expires_at__lt=Now(), connected_apps=None)
    over = over.exclude(standing=Application.Standing.BLOCKED)
    keys = over.order_by("expires_at").values_list("pk", flat=True)
    return Application.objects.filter(pk__in=list(keys[:_AT_ONCE])).delete()[0]


def forget_old_steps() -> int:
    keys = ConnectionStep.objects.filter(at__lt=Now() - STEPS_KEPT).order_by("at").values_list("pk", flat=True)
    return ConnectionStep.objects.filter(pk__in=list(keys[:_AT_ONCE])).delete()[0]
