"""How people, devices and tokens are named in the audit log: by the e-mail address, which they can't choose freely."""

from __future__ import annotations

from audit.actor import Actor, Label

from .models import AccessToken, Device, User


def actor_of(user: User) -> Actor:
    return Actor(kind="person", id=user.pk, label=user.email)


def person_behind(actor: Actor) -> User | None:
    """The person who acts in the pages; nobody for tokens and the system."""
    return User.objects.filter(pk=actor.id).first() if actor.kind == "person" and actor.id else None


def actor_of_token(token: AccessToken) -> Actor:
    holder = token.user.email if token.user else "shared"
    return Actor(kind="token", id=token.pk, label=f"{token.name} ({holder})")


def person_label(user: User) -> Label:
    return Label(user.pk, user.email)


def device_label(device: Device) -> Label:
    return Label(device.pk, device.name)
