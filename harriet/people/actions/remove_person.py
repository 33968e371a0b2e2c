"""Off-boards a person: membership, groups, tokens, devices and open invitations, in one transaction."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.end_access import end_access, tell_ended
from harriet.people.actions.invite_person import withdraw_open
from harriet.people.actors import person_label
from harriet.people.events import PersonRemoved
from harriet.people.models import Membership
from harriet.people.permissions import demand
from harriet.people.role_rules import check_may_change, check_owner_remains
from harriet.people.roles import Power


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
        if Membership.objects.select_for_update().filter(pk=membership.pk).first() is None:
            return Removed(0, 0)
        check_owner_remains(membership)
        withdraw_open(organization, user.email)
        membership.delete()
        ended = end_access(organization, user, actor=actor)
        record(
            PersonRemoved(person=person_label(user), tokens=ended.tokens, devices=ended.devices),
            organization_id=organization.pk,
            actor=actor,
        )
        tell_ended(organization, user, actor=actor)
    return Removed(ended.tokens, ended.devices)
