"""Sets which groups a person is in, or changes some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.add_person import own_groups
from harriet.people.actors import person_label
from harriet.people.endings import Ending, right_ended
from harriet.people.events import PersonGroupsChanged
from harriet.people.models import Group, Membership, RightGiven
from harriet.people.permissions import demand
from harriet.people.rights_given import note_right
from harriet.people.roles import Power
from harriet.people.version import move_version


def set_person_groups(membership: Membership, groups: Iterable[Group], *, actor: Actor) -> None:
    """Exactly these groups. Raises PeopleError or NotAllowed."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    chosen = own_groups(membership.organization, groups)
    _change(membership, lambda before: chosen, actor)


def change_person_groups(
    membership: Membership, *, add: Iterable[Group] = (), remove: Iterable[Group] = (), actor: Actor
) -> bool:
    """These come and go, and what else the person is in stays, also what somebody else changes at the same moment.
    False when nothing had to change. Raises PeopleError or NotAllowed."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    added, removed = own_groups(membership.organization, add), {group.pk for group in remove}
    return _change(membership, lambda before: [one for one in {*before, *added} if one.pk not in removed], actor)


def _change(membership: Membership, wanted: Callable[[set[Group]], Iterable[Group]], actor: Actor) -> bool:
    """`wanted` is given what the person is in, once nobody else can change it."""
    with transaction.atomic():
        Membership.objects.select_for_update().get(pk=membership.pk)
        before = set(Group.objects.filter(memberships=membership.pk))
        after = set(wanted(before))
        if before == after:
            return False
        if after - before:
            note_right(membership.organization_id, RightGiven.Way.GROUP, membership.user_id, actor)
        membership.groups.set(after)
        move_version(membership.organization_id)
        record(
            PersonGroupsChanged(
                person=person_label(membership.user), groups=", ".join(sorted(group.slug for group in after)) or "none"
            ),
            organization_id=membership.organization_id,
            actor=actor,
        )
        if before - after:
            why = f"The groups of {membership.user.email} changed."
            right_ended(Ending(membership.organization_id, membership.user_id, why, actor))
        return True
