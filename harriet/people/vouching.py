"""Whose accounts somebody could be using: those made through a link that they had in hand, and through links that these
handed on, until a mail proves an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db.models import QuerySet

from harriet.people.models import User

Step = Callable[[set[UUID]], Iterable[UUID | None]]


def above(people: Iterable[UUID]) -> set[UUID]:
    """Everybody who could be using an account of these people: who handed over its link, who handed over theirs, …"""
    return _walked(set(people), lambda ids: _handed_over().filter(pk__in=ids).values_list("vouched_by", flat=True))


def below(people: Iterable[UUID]) -> set[UUID]:
    """Everybody whose account these people could be using."""
    return _walked(set(people), lambda ids: _handed_over().filter(vouched_by__in=ids).values_list("pk", flat=True))


def _handed_over() -> QuerySet[User]:
    return User.objects.filter(is_proven=False, vouched_by__isnull=False)


def _walked(start: set[UUID], step: Step) -> set[UUID]:
    found: set[UUID] = set()
    ahead = start
    while ahead:
        ahead = {one for one in step(ahead) if one is not None} - found
        found |= ahead
    return found
