"""Puts people into a group and takes them out, however many: what each gains or loses is an event of its own."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_behind, person_label
from harriet.people.endings import Ending, right_ended
from harriet.people.errors import PeopleError
from harriet.people.events import GroupMemberAdded, GroupMemberRemoved
from harriet.people.models import Group, Membership, RightGiven
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

AT_ONCE = 1000


def change_group_members(group: Group, add: Iterable[UUID], remove: Iterable[UUID], *, actor: Actor) -> bool:
    """Ids of memberships; who is in it already, or not any more, changes nothing. False when nothing changed. Raises
    PeopleError or NotAllowed."""
    demand(actor, group.organization, Power.MANAGE_PEOPLE)
    with transaction.atomic():
        Group.objects.select_for_update(no_key=True).get(pk=group.pk)
        added, removed = _put_in(group, set(add), actor), _take_out(group, set(remove), actor)
        if added or removed:
            move_version(group.organization_id)
        if removed:
            why = f"Somebody was taken out of the group {group.name}."
            right_ended(Ending(group.organization_id, None, why, actor))
    return bool(added or removed)


def _put_in(group: Group, ids: set[UUID], actor: Actor) -> int:
    people = list(
        Membership.objects.select_for_update(no_key=True, of=["self"])
        .filter(organization=group.organization_id, pk__in=ids)
        .select_related("user")
        .order_by("pk")
    )
    if len(people) != len(ids):
        raise PeopleError("One of the people does not belong to this organization.", field="members")
    inside = set(group.memberships.filter(pk__in=ids).values_list("pk", flat=True))
    coming = [one for one in people if one.pk not in inside]
    Through = Membership.groups.through
    Through.objects.bulk_create(
        [Through(membership_id=one.pk, group_id=group.pk) for one in coming], batch_size=AT_ONCE, ignore_conflicts=True
    )
    giver = person_behind(actor)
    if giver is not None:
        way = RightGiven.Way.GROUP
        RightGiven.objects.bulk_create(
            [RightGiven(organization_id=group.organization_id, way=way, to_id=one.user_id, by=giver) for one in coming],
            batch_size=AT_ONCE,
        )
    _tell(GroupMemberAdded, group, coming, actor)
    return len(coming)


def _take_out(group: Group, ids: set[UUID], actor: Actor) -> int:
    leaving = list(group.memberships.filter(pk__in=ids).select_related("user").order_by("pk"))
    Membership.groups.through.objects.filter(group=group, membership__in=[one.pk for one in leaving]).delete()
    _tell(GroupMemberRemoved, group, leaving, actor)
    return len(leaving)


def _tell(
    event: type[GroupMemberAdded] | type[GroupMemberRemoved], group: Group, people: list[Membership], actor: Actor
) -> None:
    for one in people:
        happened = event(person=person_label(one.user), group=group.name)
        record(happened, organization_id=group.organization_id, actor=actor)
