"""Ends tokens of connected apps: within a second no gateway lets them in any more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit.actor import Actor, Label
from audit.record import record
from connectors.models import Profile
from harriet.people.actors import actor_of, person_label
from harriet.people.models import AccessToken
from harriet.people.version import move_version
from harriet.signin.events import AppTokensEnded
from harriet.signin.models import ConnectedApp, IssuedToken, RefreshToken
from harriet.signin.steps import note_step

REUSED = "one that had been replaced was used again, so somebody may have copied it"
CODE_REUSED = "an authorization code was used a second time, so somebody may have copied it"
BY_CLIENT = "the client gave them back"


def end_family(family: UUID, why: str, *, actor: Actor | None = None) -> bool:
    """All tokens of one sign-in. The person's consent stays: the client signs in again without a question. False when
    there was nothing left to end."""
    with transaction.atomic():
        app = lock_app(RefreshToken.objects.filter(token_family=family).values("connected_app")[:1])
        ended = _end(Q(token_family=family))
        if ended and app is not None:
            move_version(app.organization_id)
            record(_ended(app, why), organization_id=app.organization_id, actor=actor or actor_of(app.user))
            _note(app, why)
    return ended


def end_alone(issued: IssuedToken, why: str) -> bool:
    """An access token that came without a refresh token, as those for an issuer's word do. False when it had ended."""
    with transaction.atomic():
        app = lock_app(issued.connected_app_id)
        opening = IssuedToken.objects.filter(pk=issued.pk).values("gateway_token")
        live = AccessToken.objects.filter(pk__in=opening, revoked_at=None, expires_at__gt=Now())
        ended = bool(live.update(revoked_at=Now()))
        if ended and app is not None:
            move_version(app.organization_id)
            record(_ended(app, why), organization_id=app.organization_id, actor=actor_of(app.user))
            _note(app, why)
    return ended


def lock_app(which: UUID | QuerySet[RefreshToken, Any] | None) -> ConnectedApp | None:
    """The connected app as it is now, until the transaction ends. Whoever gives or ends tokens of one locks it first,
    so that they come one after the other and never wait for each other in a circle."""
    apps = ConnectedApp.objects.select_related("application", "device", "user", "organization")
    return apps.select_for_update(of=("self",)).filter(pk__in=which if isinstance(which, QuerySet) else [which]).first()


def _end(which: Q) -> bool:
    """Refresh tokens stay as ended ones: a later use of one is told from a token that never was."""
    live = RefreshToken.objects.filter(which, revoked=None).update(revoked=Now(), sealed_answer=None)
    RefreshToken.objects.filter(which).exclude(sealed_answer=None).update(sealed_answer=None)
    issued = IssuedToken.objects.filter(refresh_token__in=RefreshToken.objects.filter(which))
    opened = AccessToken.objects.filter(pk__in=issued.values("gateway_token"), revoked_at=None, expires_at__gt=Now())
    return bool(opened.update(revoked_at=Now()) + live)


def _note(app: ConnectedApp, why: str) -> None:
    kind, problem = ("revoked", "") if why == BY_CLIENT else ("refreshed" if why == REUSED else "token", "reused")
    note_step(
        app.organization_id,
        kind,
        user_id=app.user_id,
        application=app.application,
        profile_id=app.profile_id,
        problem=problem,
    )


def _ended(app: ConnectedApp, why: str) -> AppTokensEnded:
    profile = Profile.objects.filter(organization=app.organization_id, pk=app.profile_id).first()
    return AppTokensEnded(
        person=person_label(app.user),
        client=app.device.name,
        profile=Label(app.profile_id, profile.name if profile else "a profile that is gone"),
        why=why,
    )
