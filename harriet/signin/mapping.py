"""What a person's groups at the provider give here: groups and a role. Reads nothing; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from harriet.people.roles import Role

_RANK = {role.value: number for number, role in enumerate(Role)}
"""The highest first, as the table of roles has them."""


class Mapped(NamedTuple):
    """One row of the mapping."""

    value: str
    group_id: UUID | None
    role: str


class Meaning(NamedTuple):
    add: frozenset[UUID]
    remove: frozenset[UUID]
    """Groups that come from the provider alone, and that this person's groups there don't give."""
    role: str
    """Empty: the provider says nothing about this person's role."""


def meaning_of(groups: Iterable[str], mapped: Iterable[Mapped]) -> Meaning:
    """Roles follow the provider as soon as one role is mapped; whoever has none of them is a member."""
    values, rows = set(groups), list(mapped)
    given = {row.group_id for row in rows if row.group_id and row.value in values}
    governed = {row.group_id for row in rows if row.group_id}
    roles = [row.role for row in rows if row.role and row.value in values]
    has_roles = any(row.role for row in rows)
    role = min(roles, key=_RANK.__getitem__) if roles else (Role.MEMBER.value if has_roles else "")
    return Meaning(frozenset(given), frozenset(governed - given), role)


def role_to_set(current: str, meaning: Meaning, mapped: Iterable[Mapped]) -> str:
    """The role from now on. An owner stays one unless ownership itself is mapped: it is owners who give it away."""
    owners_follow = any(row.role == Role.OWNER for row in mapped)
    if not meaning.role or (current == Role.OWNER and not owners_follow):
        return current
    return meaning.role
