"""Adds people to a group: one audit event per person whose groups change."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit.actor import Actor
from harriet.people.actions.set_person_groups import change_person_groups
from harriet.people.errors import PeopleError
from harriet.people.models import Group, Membership
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def add_to_group(group: Group, people: Iterable[Membership], *, actor: Actor) -> int:
    """How many were not in it yet. Raises PeopleError or NotAllowed."""
    demand(actor, group.organization, Power.MANAGE_PEOPLE)
    wanted = {membership.pk: membership for membership in people}
    if any(membership.organization_id != group.organization_id for membership in wanted.values()):
        raise PeopleError("One of the people belongs to another organization.", field="people")
    return sum(change_person_groups(membership, add=[group], actor=actor) for membership in wanted.values())
