"""Ends a person's access because the directory deleted them. The row stays: the log goes on naming them."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.change_group_members import change_group_members
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actors import person_label
from harriet.people.models import Group, Membership
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.signin.events import PersonWithdrawn
from harriet.signin.models import ScimUser


def withdraw_person(membership: Membership, *, actor: Actor) -> None:
    """Raises PeopleError for the last owner."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    with transaction.atomic():
        deactivate_person(membership, actor=actor)
        for group in Group.objects.filter(memberships=membership).exclude(scim=None).select_related("organization"):
            change_group_members(group, [], [membership.pk], actor=actor)
        ScimUser.objects.update_or_create(
            membership=membership,
            defaults={"deleted_at": Now(), "modified_at": Now()},
            create_defaults={
                "organization": membership.organization,
                "user_name": membership.user.email,
                "deleted_at": Now(),
            },
        )
        record(
            PersonWithdrawn(person=person_label(membership.user)),
            organization_id=membership.organization_id,
            actor=actor,
        )
