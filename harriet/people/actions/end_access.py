"""Ends all that somebody can do in an organization: the one way that deactivating, off-boarding and the directory take.

Tokens and devices are revoked, agents whose owner they are stop, and each app ends what it holds of them
(`harriet.people.endings`): browsers that are signed in, links that they handed out, calls that wait, connected apps,
grants at other services. All in the caller's transaction.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db.models.functions import Now

from audit.actor import Actor
from harriet.people.actions.pause_agent import pause_agents_of
from harriet.people.endings import Ending, access_ended
from harriet.people.models import AccessToken, Device, Organization, User
from harriet.people.version import move_version


class Ended(NamedTuple):
    """How many were revoked, and how many agents stopped."""

    tokens: int
    devices: int
    agents: int


def end_access(organization: Organization, user: User, *, actor: Actor) -> Ended:
    """The caller asks whether the actor may, and writes the event."""
    ended = Ended(
        revoke_tokens_of(organization.pk, user.pk),
        revoke_devices_of(organization.pk, user.pk),
        pause_agents_of(organization, user, actor=actor),
    )
    move_version(organization.pk)
    return ended


def tell_ended(organization: Organization, user: User, *, actor: Actor) -> None:
    """After the event of the change, so that the log reads in the order of what caused what."""
    access_ended(Ending(organization.pk, user.pk, f"The access of {user.email} ended.", actor))


def revoke_tokens_of(organization_id: UUID, user_id: UUID) -> int:
    tokens = AccessToken.objects.filter(organization_id=organization_id, user_id=user_id, revoked_at=None)
    return tokens.update(revoked_at=Now())


def revoke_devices_of(organization_id: UUID, user_id: UUID) -> int:
    """Whoever comes back registers them anew."""
    devices = Device.objects.filter(organization_id=organization_id, user_id=user_id, revoked_at=None)
    return devices.update(revoked_at=Now())
