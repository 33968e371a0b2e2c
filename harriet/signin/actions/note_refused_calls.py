"""Notes for the connection doctor that a connected app was refused at the gateway: with a token that is over, or for a
tool beyond what the person allowed. An app that asks again and again is noted once in a while."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now

from harriet.people.models import AccessToken
from harriet.signin.models import ConnectedApp, ConnectionStep
from harriet.signin.steps import Step, keep_steps

_ONCE_IN = timedelta(minutes=10)


def note_token_over(token: AccessToken) -> None:
    """Of a connected app's that is expired or was ended. Expiring is no failure: the client fetches the next one."""
    app = ConnectedApp.objects.filter(device=token.device_id).select_related("application").first()
    if app is None:
        return
    kind, problem = ("refused", "invalid_token") if token.revoked_at is not None else ("expired_call", "")
    if not _is_noted(app, kind):
        keep_steps([_step(app, kind, problem)])


def note_calls_beyond_scope(tools: Mapping[UUID, str]) -> None:
    """From the device of each app to the tool that it asked for. Called in batches, off the call."""
    apps = ConnectedApp.objects.filter(device__in=tools).select_related("application")
    steps = ((app, {"tool": tools[app.device_id]}) for app in apps if not _is_noted(app, "refused"))
    keep_steps(_step(app, "refused", "insufficient_scope", **details) for app, details in steps)


def _is_noted(app: ConnectedApp, kind: str) -> bool:
    mine = ConnectionStep.objects.filter(user=app.user_id, application_id=app.application_id, kind=kind)
    return mine.filter(at__gt=Now() - _ONCE_IN).exists()


def _step(app: ConnectedApp, kind: str, problem: str, **details: str) -> Step:
    name = str(app.application)
    return Step(app.organization_id, kind, app.user_id, app.application_id, app.profile_id, name, problem, details)
