"""Off-boards a person: membership, groups, tokens, devices and open invitations, in one transaction."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.deactivate_person import revoke_devices_of, revoke_tokens_of
from harriet.people.actions.invite_person import withdraw_open
from harriet.people.actors import person_label
from harriet.people.endings import Ending, access_ended
from harriet.people.events import PersonRemoved
from harriet.people.models import Membership
from harriet.people.permissions import demand
from harriet.people.role_rules import check_may_change, check_owner_remains
from harriet.people.roles import Power
from harriet.people.version import move_version


class Removed(NamedTuple):
    """How many of their tokens and devices were revoked."""

    tokens: int
    devices: int


def remove_person(membership: Membership, *, actor: Actor) -> Removed:
    """The account itself stays: it may belong to another organization, and the audit log names it."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    check_may_change(membership, actor=actor)
    organization, user = membership.organization, membership.user
    with transaction.atomic():
        Membership.objects.select_for_update().filter(pk=membership.pk).first()  # nobody issues a token meanwhile
        check_owner_remains(membership)
        tokens = revoke_tokens_of(organization.pk, user.pk)
        devices = revoke_devices_of(organization.pk, user.pk)
        withdraw_open(organization, user.email)
        membership.delete()
        move_version(organization.pk)
        record(
            PersonRemoved(person=person_label(user), tokens=tokens, devices=devices),
            organization_id=organization.pk,
            actor=actor,
        )
        access_ended(Ending(organization.pk, user.pk, f"The access of {user.email} ended.", actor))
    return Removed(tokens, devices)
