"""How people, devices and tokens are named in the audit log: by the e-mail address, which they can't choose freely."""

from __future__ import annotations

from django.db.models import Q

from audit.actor import Actor, Label
from harriet.people.models import AccessToken, Device, User


def actor_of(user: User) -> Actor:
    return Actor(kind="person", id=user.pk, label=user.email)


OPERATOR = "Whoever operates this installation"
"""What is done on the machine that runs Harriet, in words: a person, but Harriet can't tell which."""


def person_behind(actor: Actor) -> User | None:
    """The person who acts, in the pages or with an API token of theirs; nobody for shared keys and the system. Behind
    the directory stands whoever made its token: they have seen it, and what it does they could do."""
    if actor.id is None or actor.kind == "system":
        return None
    if actor.kind == "token":
        makers = AccessToken.objects.filter(pk=actor.id, kind=AccessToken.Kind.SCIM).values("created_by")
        return User.objects.filter(Q(tokens=actor.id) | Q(pk__in=makers)).first()
    return User.objects.filter(pk=actor.id).first()


def actor_of_token(token: AccessToken) -> Actor:
    holder = token.user.email if token.user else "SCIM" if token.kind == AccessToken.Kind.SCIM else "shared"
    return Actor(kind="token", id=token.pk, label=f"{token.name} ({holder})")


def person_label(user: User) -> Label:
    return Label(user.pk, user.email)


def device_label(device: Device) -> Label:
    return Label(device.pk, device.name)
