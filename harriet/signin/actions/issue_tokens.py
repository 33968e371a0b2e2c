"""Gives a connected app its tokens: the library's rows for the protocol, and the row by which the gateway knows it.

There is one row of each for a sign-in, and they stay when its tokens are exchanged for the next: sessions, held calls
and the log go on. The organization's version stays where it is, too: a gateway that doesn't know a new token yet looks
it up once, so that thousands of clients that refresh each hour make nobody compile anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from harriet.people.models import AccessToken
from harriet.people.tokens import hash_token
from harriet.signin.models import ConnectedApp, IssuedToken, RefreshToken

ACCESS_LASTS = timedelta(hours=1)


class Pair(NamedTuple):
    """New tokens as the client gets them; no refresh token where the client can always prove anew who it is."""

    access: str
    refresh: str | None
    scopes: str
    """What the access token may be used for: all that was granted, or less when the client asked for less."""
    granted: str
    """What the refresh token goes on with."""
    resource: str
    family: UUID
    """All tokens of one sign-in: when one of them is used twice, they all end."""


def issue_tokens(app: ConnectedApp, pair: Pair, *, now: datetime, before: IssuedToken | None = None) -> IssuedToken:
    """`now` is the database's; `before` is what a refresh goes on with. No audit event: the consent was one, and each
    call will be; this is neither."""
    with transaction.atomic():
        issued = _first(app, pair, now) if before is None else _next(app, pair, now, before)
        if pair.refresh is not None:
            RefreshToken.objects.filter(access_token=issued).update(access_token=None)
            RefreshToken.objects.create(
                user=app.user,
                application=app.application,
                connected_app=app,
                token="",
                token_checksum=checksum(pair.refresh),
                access_token=issued,
                token_family=pair.family,
                resource=[pair.resource],
            )
        ConnectedApp.objects.filter(pk=app.pk).update(refreshed_at=now)
    return issued


def _first(app: ConnectedApp, pair: Pair, now: datetime) -> IssuedToken:
    opening = AccessToken.objects.create(
        organization_id=app.organization_id,
        kind=AccessToken.Kind.OAUTH,
        name=app.device.name,
        token_hash=hash_token(pair.access),
        hint=pair.access[-4:],
        user=app.user,
        device=app.device,
        profile_id=app.profile_id,
        scopes=pair.scopes,
        created_by=app.user,
        made_by=app.user.email,
        expires_at=app.expires_at,
        secret_until=_until(app, now),
    )
    return IssuedToken.objects.create(
        user=app.user,
        application=app.application,
        connected_app=app,
        gateway_token=opening,
        token="",
        token_checksum=checksum(pair.access),
        expires=_until(app, now),
        scope=pair.granted,
        resource=[pair.resource],
    )


def _next(app: ConnectedApp, pair: Pair, now: datetime, before: IssuedToken) -> IssuedToken:
    """The secret before works until its own end: requests that bear it may be under way."""
    opening = AccessToken.objects.select_for_update().get(pk=UUID(str(before.gateway_token_id)))
    opening.previous_hash, opening.previous_until = opening.token_hash, opening.secret_until
    opening.token_hash, opening.hint = hash_token(pair.access), pair.access[-4:]
    opening.scopes, opening.expires_at, opening.secret_until = pair.scopes, app.expires_at, _until(app, now)
    opening.save()
    before.token_checksum, before.expires = checksum(pair.access), _until(app, now)
    before.save()
    return before


def _until(app: ConnectedApp, now: datetime) -> datetime:
    return min(now + ACCESS_LASTS, app.expires_at)


def checksum(token: str) -> str:
    """The SHA-256 of a token, as the library's columns have it."""
    return hash_token(token).hex()
