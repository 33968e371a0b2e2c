"""Lets a deactivated person in again. Tokens that were revoked stay revoked, and browsers sign in anew."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.end_own_sessions import end_sessions_unless_elsewhere
from harriet.people.actors import person_label
from harriet.people.events import PersonActivated
from harriet.people.models import AssertedIdentity, Membership
from harriet.people.permissions import demand
from harriet.people.rights_given import note_rights_of
from harriet.people.role_rules import check_may_change
from harriet.people.roles import Power
from harriet.people.version import move_version


def activate_person(membership: Membership, *, actor: Actor) -> Membership:
    """Their role and groups count again; their tokens stay revoked. Whoever lets them in vouches for them: what they
    connect from now on waits for no sign-in of before. Raises NotAllowed or PeopleError."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    check_may_change(membership, actor=actor)
    with transaction.atomic():
        if not Membership.objects.filter(pk=membership.pk, is_active=False).update(is_active=True):
            return membership
        end_sessions_unless_elsewhere(membership.user_id, membership.organization_id)
        AssertedIdentity.objects.filter(membership=membership).update(lapsed_at=None)
        note_rights_of(membership, actor)
        move_version(membership.organization_id)
        record(
            PersonActivated(person=person_label(membership.user)),
            organization_id=membership.organization_id,
            actor=actor,
        )
    membership.is_active = True
    return membership
