"""Notes for the connection doctor that a connected app has called for the first time: in batches, off the call."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from harriet.signin.models import ConnectedApp
from harriet.signin.steps import Step, keep_steps


def note_first_calls(device_ids: Iterable[UUID]) -> None:
    """Of devices that have just called, before that is noted of them: an app that was never seen has called first."""
    apps = ConnectedApp.objects.filter(device__in=set(device_ids), device__last_seen_at=None)
    keep_steps(
        Step(app.organization_id, "first_call", app.user_id, app.application_id, app.profile_id, str(app.application))
        for app in apps.select_related("application")
    )
