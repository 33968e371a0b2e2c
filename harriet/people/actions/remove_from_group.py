"""Takes one person out of a group."""

from __future__ import annotations

from audit.actor import Actor
from harriet.people.actions.set_person_groups import change_person_groups
from harriet.people.models import Group, Membership


def remove_from_group(group: Group, membership: Membership, *, actor: Actor) -> None:
    """Nothing happens when they aren't in it. Raises NotAllowed."""
    change_person_groups(membership, remove=[group], actor=actor)
