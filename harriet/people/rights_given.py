"""Remembers who let whom decide, and when: nobody who asks for a call, or submits a connector, chooses afterwards who
decides on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from audit.actor import Actor
from harriet.people.actors import person_behind
from harriet.people.models import Membership, RightGiven, User
from harriet.people.roles import Power, Role

_WAYS = {Power.DECIDE_ACTIONS: RightGiven.Way.ROLE, Power.REVIEW_CONNECTORS: RightGiven.Way.REVIEW}


def note_right(organization_id: UUID, way: RightGiven.Way, to_id: UUID, by: Actor | User | None) -> None:
    """Call inside the transaction that gives the right. What the machine's operator does is nobody's."""
    giver = person_behind(by) if isinstance(by, Actor) else by
    if giver is not None:
        RightGiven.objects.create(organization_id=organization_id, way=way, to_id=to_id, by=giver)


def note_powers(organization_id: UUID, gained: Iterable[Power], to_id: UUID, by: Actor | User | None) -> None:
    """Of a role, in the transaction that gives it: those with which somebody decides, each for itself."""
    for power in gained:
        if power in _WAYS:
            note_right(organization_id, _WAYS[power], to_id, by)


def note_rights_of_each(people: Iterable[tuple[Membership, bool]], by: Actor) -> None:
    """The same of many people of one organization who come in, each with whether they are in a group."""
    giver = person_behind(by)
    if giver is None:
        return
    given = (
        RightGiven(organization_id=membership.organization_id, way=way, to_id=membership.user_id, by=giver)
        for membership, is_in_group in people
        for way in _ways_of(membership, is_in_group)
    )
    RightGiven.objects.bulk_create(given)


def _ways_of(membership: Membership, is_in_group: bool) -> Iterator[RightGiven.Way]:
    yield from (_WAYS[power] for power in Role(membership.role).powers if power in _WAYS)
    if is_in_group:
        yield RightGiven.Way.GROUP


def note_rights_of(membership: Membership, by: Actor | User | None) -> None:
    """For somebody who comes in, or comes back, with all that their role and groups give."""
    note_powers(membership.organization_id, Role(membership.role).powers, membership.user_id, by)
    if membership.groups.exists():
        note_right(membership.organization_id, RightGiven.Way.GROUP, membership.user_id, by)
