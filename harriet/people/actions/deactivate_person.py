"""Stops all access of a person at once; the membership stays and can be activated again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.endings import Ending, access_ended
from harriet.people.events import PersonDeactivated
from harriet.people.models import AccessToken, Device, Membership
from harriet.people.permissions import demand
from harriet.people.role_rules import check_may_change, check_owner_remains
from harriet.people.roles import Power
from harriet.people.version import move_version


def deactivate_person(membership: Membership, *, actor: Actor) -> Membership:
    """Their tokens and devices are revoked at once, and what they wait for is ended. Raises NotAllowed, or PeopleError
    for the last owner."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    check_may_change(membership, actor=actor)
    with transaction.atomic():
        check_owner_remains(membership)
        if not Membership.objects.filter(pk=membership.pk, is_active=True).update(is_active=False):
            return membership
        tokens = revoke_tokens_of(membership.organization_id, membership.user_id)
        devices = revoke_devices_of(membership.organization_id, membership.user_id)
        move_version(membership.organization_id)
        record(
            PersonDeactivated(person=person_label(membership.user), tokens=tokens, devices=devices),
            organization_id=membership.organization_id,
            actor=actor,
        )
        why = f"The access of {membership.user.email} ended."
        access_ended(Ending(membership.organization_id, membership.user_id, why, actor))
    membership.is_active = False
    return membership


def revoke_tokens_of(organization_id: UUID, user_id: UUID) -> int:
    """Sessions need no list of their own: every request reads the membership anew."""
    tokens = AccessToken.objects.filter(organization_id=organization_id, user_id=user_id, revoked_at=None)
    return tokens.update(revoked_at=Now())


def revoke_devices_of(organization_id: UUID, user_id: UUID) -> int:
    """Whoever comes back registers them anew."""
    devices = Device.objects.filter(organization_id=organization_id, user_id=user_id, revoked_at=None)
    return devices.update(revoked_at=Now())
