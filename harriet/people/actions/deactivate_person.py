"""Stops all access of a person at once; the membership stays and can be activated again."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.end_access import end_access, tell_ended
from harriet.people.actors import person_label
from harriet.people.events import PersonDeactivated
from harriet.people.models import Membership
from harriet.people.permissions import demand
from harriet.people.role_rules import check_may_change, check_owner_remains
from harriet.people.roles import Power


def deactivate_person(membership: Membership, *, actor: Actor) -> Membership:
    """Their tokens and devices are revoked at once, and what they wait for is ended. Raises NotAllowed, or PeopleError
    for the last owner."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    check_may_change(membership, actor=actor)
    organization, user = membership.organization, membership.user
    with transaction.atomic():
        check_owner_remains(membership)
        if not Membership.objects.filter(pk=membership.pk, is_active=True).update(is_active=False):
            return membership
        ended = end_access(organization, user, actor=actor)
        record(
            PersonDeactivated(person=person_label(user), tokens=ended.tokens, devices=ended.devices),
            organization_id=organization.pk,
            actor=actor,
        )
        tell_ended(organization, user, actor=actor)
    membership.is_active = False
    return membership
