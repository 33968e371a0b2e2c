"""Remembers who let whom decide, and when: nobody who asks for a call, or submits a connector, chooses afterwards who
decides on it."""

from __future__ import annotations

from uuid import UUID

from audit.actor import Actor
from harriet.people.actors import person_behind
from harriet.people.models import Membership, RightGiven, User
from harriet.people.roles import Power, Role

DECIDING = frozenset({Power.DECIDE_ACTIONS, Power.REVIEW_CONNECTORS})


def note_right(organization_id: UUID, way: RightGiven.Way, to_id: UUID, by: Actor | User | None) -> None:
    """Call inside the transaction that gives the right. What the machine's operator does is nobody's."""
    giver = person_behind(by) if isinstance(by, Actor) else by
    if giver is not None:
        RightGiven.objects.create(organization_id=organization_id, way=way, to_id=to_id, by=giver)


def note_rights_of(membership: Membership, by: Actor | User | None) -> None:
    """For somebody who comes in, or comes back, with all that their role and groups give."""
    if DECIDING & Role(membership.role).powers:
        note_right(membership.organization_id, RightGiven.Way.ROLE, membership.user_id, by)
    if membership.groups.exists():
        note_right(membership.organization_id, RightGiven.Way.GROUP, membership.user_id, by)
