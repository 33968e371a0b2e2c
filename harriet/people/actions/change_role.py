"""Gives a person another role in the organization."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.endings import Ending, right_ended
from harriet.people.events import RoleChanged
from harriet.people.models import Membership
from harriet.people.permissions import demand
from harriet.people.rights_given import note_powers
from harriet.people.role_rules import check_may_change, check_owner_remains, check_role
from harriet.people.roles import Power, Role
from harriet.people.version import move_version


def change_role(membership: Membership, role: str, *, actor: Actor) -> Membership:
    """Raises NotAllowed, or PeopleError for the last owner."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    check_role(membership.organization, role, actor=actor)
    with transaction.atomic():
        membership = (
            Membership.objects.select_for_update(of=["self"])
            .select_related("organization", "user")
            .get(pk=membership.pk)
        )
        check_may_change(membership, actor=actor)
        if membership.role == role:
            return membership
        if role != Role.OWNER:
            check_owner_remains(membership)
        gained = Role(role).powers - Role(membership.role).powers
        note_powers(membership.organization_id, gained, membership.user_id, actor)
        before, membership.role = membership.get_role_display(), role
        membership.save(update_fields=["role"])
        move_version(membership.organization_id)
        record(
            RoleChanged(person=person_label(membership.user), before=before, role=membership.get_role_display()),
            organization_id=membership.organization_id,
            actor=actor,
        )
        why = f"The role of {membership.user.email} changed."
        right_ended(Ending(membership.organization_id, membership.user_id, why, actor))
    return membership
