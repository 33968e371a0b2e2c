"""Counting that ends: nobody needs the exact number of very many rows, and the database need not walk them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import IntegerField, Model, QuerySet, Subquery, Value

T = TypeVar("T")
M = TypeVar("M", bound=Model)
MOST_COUNTED = 1000
NAMED = 5
"""Rows that a short list names before it says how many more there are."""
_MOST_TAKEN = 100


@dataclass(frozen=True, slots=True)
class AtMost:
    """A number that says when there are more: prints as 12, 1,000 or 1,000+."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}+" if self.is_more else f"{self.number:,}"

    def __bool__(self) -> bool:
        return self.number > 0

    def __float__(self) -> float:
        """For `pluralize`."""
        return float(self.number)

    def __add__(self, other: AtMost) -> AtMost:
        return AtMost(self.number + other.number, self.is_more or other.is_more)


NONE = AtMost(0)


def at_most(rows: QuerySet[M], most: int = MOST_COUNTED) -> AtMost:
    """How many rows there are, walking no more than `most` of them: a COUNT over a LIMIT."""
    return as_at_most(rows.order_by().values("pk")[: most + 1].count(), most)


def as_at_most(counted: int, most: int = MOST_COUNTED) -> AtMost:
    """Of what was counted up to one more than `most`."""
    return AtMost(min(counted, most), counted > most)


class CountAll(Subquery):
    """How many rows there are, to the last, as a column of another query: for rows that an index alone tells of."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.order_by().annotate(one=Value(1)).values("one"))


class CountAtMost(Subquery):
    """The same to a bound, to be read with `as_at_most`: several are counted in one go."""

    template = CountAll.template
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any], most: int = MOST_COUNTED) -> None:
        super().__init__(rows.order_by().values("pk")[: most + 1])


@dataclass(frozen=True, slots=True)
class Several(Generic[T]):
    """The first of a list that may be long, and how many more there are. Empty when there is none."""

    shown: Sequence[T]
    more: AtMost = NONE

    def __iter__(self) -> Iterator[T]:
        return iter(self.shown)

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def total(self) -> AtMost:
        return AtMost(len(self.shown)) + self.more


def several(rows: QuerySet[M], named: int = NAMED) -> Several[M]:
    """The first of them, in the order that they have, from one query. Of more than a hundred it says so."""
    return several_of(rows[: _MOST_TAKEN + 1], named)


def several_of(rows: Iterable[T], named: int = NAMED) -> Several[T]:
    """The same of what was read already; the last of 101 stands for all others."""
    taken = list(rows)
    more = min(len(taken), _MOST_TAKEN) - named
    return Several(taken[:named], AtMost(max(more, 0), len(taken) > _MOST_TAKEN))
