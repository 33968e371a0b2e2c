"""Answers a device code that somebody typed: the client that polls for it hears yes or no."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from harriet.people.models import Organization, User
from harriet.signin.actions.offer_device_code import LENGTH, LETTERS
from harriet.signin.models import ConnectedApp, DeviceCode


def waiting_code(organization: Organization, typed: str, now: datetime) -> DeviceCode | None:
    """The one that somebody typed, with or without its hyphen, in any case."""
    plain = "".join(letter for letter in typed.upper() if letter in LETTERS)
    waiting = DeviceCode.objects.filter(
        organization=organization, status=DeviceCode.AUTHORIZATION_PENDING, expires__gt=now
    )
    return waiting.filter(user_code=plain).first() if len(plain) == LENGTH else None


def allow_device_code(code: DeviceCode, app: ConnectedApp, *, scope: str) -> bool:
    """False when it was answered meanwhile. The consent is the event."""
    changed = _waiting(code).update(status=DeviceCode.AUTHORIZED, connected_app=app, user=app.user, scope=scope)
    return bool(changed)


def refuse_device_code(code: DeviceCode, user: User) -> bool:
    return bool(_waiting(code).update(status=DeviceCode.DENIED, user=user))


def _waiting(code: DeviceCode) -> QuerySet[DeviceCode]:
    return DeviceCode.objects.filter(pk=code.pk, status=DeviceCode.AUTHORIZATION_PENDING)
