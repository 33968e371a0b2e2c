"""Takes one person out of a group."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from harriet.people.actions.set_person_groups import set_person_groups
from harriet.people.models import Group, Membership


@transaction.atomic
def remove_from_group(group: Group, membership: Membership, *, actor: Actor) -> None:
    """Nothing happens when they aren't in it. Raises NotAllowed."""
    set_person_groups(membership, membership.groups.exclude(pk=group.pk), actor=actor)
