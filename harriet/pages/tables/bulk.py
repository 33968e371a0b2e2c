"""Changing many ticked rows: a plan that says of each what will become of it, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from django.http import QueryDict

from harriet.lib.errors import Problem
from harriet.lib.sentences import some_of, within

MOST_TICKED = 150
"""Rows that one request changes; a page of a table has fewer."""
MOST_NAMED = 5
"""Names in a message; the page before it names them all."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Noun:
    one: str
    many: str

    def counted(self, number: int) -> str:
        return f"{number} {self.one if number == 1 else self.many}"


@dataclass(frozen=True, slots=True)
class BulkAction(Generic[T]):
    key: str
    label: str
    """Of its button: "Pause"."""
    becomes: str
    """As in "5 connectors will be paused", "5 connectors were paused": "paused"."""
    noun: Noun
    do: Callable[[T], object]
    """Changes one row; raises a Problem when it can't. False: it had changed in the meantime."""
    stays: Callable[[T], str] = lambda row: ""
    """Why a row can't be changed so, as in "it is a draft"; empty when it can."""
    name: Callable[[T], str] = str
    details: Callable[[T], str] = lambda row: ""
    """What somebody should have read of a row before it is changed."""
    note: str = ""
    """What the change means, where that isn't plain."""
    needs_typing: bool = False
    is_danger: bool = False


class Left(NamedTuple):
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    row: T
    name: str
    details: str


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    action: BulkAction[T]
    changes: tuple[Change[T], ...]
    left: tuple[Left, ...]

    @property
    def title(self) -> str:
        return f"{self.action.label}: {self.action.noun.counted(len(self.changes) + len(self.left))}"

    @property
    def sentence(self) -> str:
        """ "5 of 6 connectors will be paused; 1 stays as it is." """
        changing, all_of_them = len(self.changes), len(self.changes) + len(self.left)
        if not changing:
            return f"None of {self.action.noun.counted(all_of_them)} can be {self.action.becomes}."
        if not self.left:
            return f"{self.action.noun.counted(changing)} will be {self.action.becomes}."
        stays = "1 stays as it is" if len(self.left) == 1 else f"{len(self.left)} stay as they are"
        return f"{changing} of {self.action.noun.counted(all_of_them)} will be {self.action.becomes}; {stays}."

    @property
    def typed(self) -> str:
        """What is typed to confirm it: "5 people"."""
        return self.action.noun.counted(len(self.changes))


@dataclass(frozen=True, slots=True)
class Outcome:
    done: str
    """ "5 connectors were paused: CRM, Wiki." Empty when none was."""
    left: str
    """What was not, and why."""


def plan_of(action: BulkAction[T], rows: Sequence[T]) -> Plan[T]:
    reasons = [(row, action.stays(row)) for row in rows]
    left = tuple(Left(action.name(row), why) for row, why in reasons if why)
    changing = (row for row, why in reasons if not why)
    return Plan(action, tuple(Change(row, action.name(row), action.details(row)) for row in changing), left)


def carry_out(plan: Plan[T]) -> Outcome:
    """Each row by itself: what one of them is refused doesn't keep the others."""
    names, left = [], list(plan.left)
    for change in plan.changes:
        try:
            if plan.action.do(change.row) is False:
                left.append(Left(change.name, "it was changed in the meantime"))
            else:
                names.append(change.name)
        except Problem as problem:
            left.append(Left(change.name, within(problem.message)))
    return Outcome(_done(plan.action, names), _left(left))


def ticked_ids(sent: QueryDict) -> list[UUID]:
    """What isn't an id is left out."""
    return list(_uuids(sent.getlist("ids")[:MOST_TICKED]))


def _uuids(texts: Iterable[str]) -> Iterable[UUID]:
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue


def _done(action: BulkAction[T], names: Sequence[str]) -> str:
    if not names:
        return ""
    was = "was" if len(names) == 1 else "were"
    return f"{action.noun.counted(len(names))} {was} {action.becomes}: {some_of(names, MOST_NAMED)}."


def _left(left: Sequence[Left]) -> str:
    if not left:
        return ""
    begins = "1 stays as it was" if len(left) == 1 else f"{len(left)} stay as they were"
    reasons = [f"{name}, because {why}" for name, why in left]
    return f"{begins}: {some_of(reasons, MOST_NAMED, '; ', '; and ')}."
