"""Whose accounts somebody could be using: those made through a link that they had in hand, and through links that these
handed on, until a mail proves an address."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol
from uuid import UUID

from harriet.people.models import Membership, User
from harriet.people.roles import Role


class Side(Protocol):
    """Those who made something."""

    @property
    def makers(self) -> Collection[UUID]: ...

    @property
    def vouchers(self) -> frozenset[UUID]:
        """Who could be using a maker's account."""

    @property
    def owners(self) -> frozenset[UUID]:
        """The vouchers who are owners."""


def above(people: Iterable[UUID]) -> set[UUID]:
    """Everybody who could be using an account of these people: who handed over its link, who handed over theirs, …"""
    return set().union(*above_each(people).values())


def below(people: Iterable[UUID]) -> set[UUID]:
    """Everybody whose account these people could be using."""
    return set().union(*below_each(people).values())


def above_each(people: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """By person, in as many queries for many as for one."""
    return _reached(set(people), "pk", "vouched_by")


def below_each(people: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    return _reached(set(people), "vouched_by", "pk")


def _reached(people: set[UUID], here: str, there: str) -> dict[UUID, set[UUID]]:
    """Whom a step or several lead to, from each."""
    handed_over = User.objects.filter(is_proven=False, vouched_by__isnull=False)
    steps: dict[UUID, set[UUID]] = {}
    ahead = people
    while ahead:
        steps |= {person: set() for person in ahead}
        for person, other in handed_over.filter(**{f"{here}__in": ahead}).values_list(here, there):
            steps[person].add(other)
        ahead = {other for person in ahead for other in steps[person]} - steps.keys()
    return {person: _walked(steps, person) for person in people}


def _walked(steps: dict[UUID, set[UUID]], start: UUID) -> set[UUID]:
    found: set[UUID] = set()
    ahead = steps[start]
    while ahead:
        found |= ahead
        ahead = {other for person in ahead for other in steps[person]} - found
    return found


def vouchers_of(people: Collection[Membership]) -> dict[UUID, set[UUID]]:
    """By account, who could be using it: nobody, of one whose address is proved."""
    handed_over = above_each(one.user_id for one in people if not one.user.is_proven)
    return {one.user_id: handed_over.get(one.user_id, set()) for one in people}


def could_be_used(vouchers: Collection[UUID], side: Side) -> bool:
    """Whether an account that these handed over could be used by the side. An owner may hand over two links, one to who
    asks and one to who decides: without mail nobody else can, and an owner could switch the decision off as well.
    Nobody else may."""
    handed = set(vouchers)
    return bool(handed.intersection(side.makers) or (handed & side.vouchers) - side.owners)


def owners_among(organization_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
    """Owners who can't act here any more are none."""
    owners = Membership.objects.filter(organization=organization_id, role=Role.OWNER, user__in=user_ids)
    active = owners.filter(is_active=True, user__is_active=True)
    return set(active.values_list("user_id", flat=True)) if user_ids else set()
