"""Whose accounts somebody could be using: those made through a link that they had in hand, and through links that these
handed on, until a mail proves an address."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from harriet.people.models import User


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
