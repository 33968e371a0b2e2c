"""Sets who is in a group, from the group's side: one audit event per person whose groups change."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit.actor import Actor
from harriet.people.actions.set_person_groups import set_person_groups
from harriet.people.errors import PeopleError
from harriet.people.models import Group, Membership


def set_group_members(group: Group, memberships: Iterable[Membership], *, actor: Actor) -> None:
    """Exactly these people. Raises PeopleError or NotAllowed."""
    wanted = {membership.pk: membership for membership in memberships}
    if any(membership.organization_id != group.organization_id for membership in wanted.values()):
        raise PeopleError("One of the people belongs to another organization.", field="members")
    with transaction.atomic():
        present = {membership.pk: membership for membership in group.memberships.all()}
        for pk in wanted.keys() - present.keys():
            set_person_groups(wanted[pk], [*wanted[pk].groups.all(), group], actor=actor)
        for pk in present.keys() - wanted.keys():
            set_person_groups(present[pk], present[pk].groups.exclude(pk=group.pk), actor=actor)
