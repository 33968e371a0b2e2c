"""Filter chips above a table, each with how many rows it leaves: counted to a bound, in one query for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from harriet.pages.counts import MOST_COUNTED, NONE, AtMost
from harriet.pages.links import link_with

T = TypeVar("T", bound=Model)


@dataclass(frozen=True, slots=True)
class Filter:
    key: str
    """Its value in the address."""
    label: str
    which: Q


@dataclass(frozen=True, slots=True)
class Chip:
    url: str
    label: str
    count: AtMost
    is_current: bool


@dataclass(frozen=True, slots=True)
class Chips:
    """One of several filters is chosen: the first when the address names none of them."""

    filters: Sequence[Filter]
    query: QueryDict
    name: str = "show"

    @property
    def chosen(self) -> Filter:
        wanted = self.query.get(self.name, "")
        return next((one for one in self.filters if one.key == wanted), self.filters[0])

    def narrowed(self, rows: QuerySet[T]) -> QuerySet[T]:
        return rows.filter(self.chosen.which)

    def shown(self, rows: QuerySet[Any]) -> list[Chip]:
        """`rows` is what the other filters leave, without anything that is read for showing alone."""
        counts = counted([rows.filter(one.which) for one in self.filters])
        return [
            Chip(link_with(self.query, self.name, one.key), one.label, count, one == self.chosen)
            for one, count in zip(self.filters, counts, strict=True)
        ]


def counted(found: Sequence[QuerySet[Any]], most: int = MOST_COUNTED) -> list[AtMost]:
    """How many rows each has, to a bound; all of them from one query."""
    parts = [_bounded(rows, most + 1) for rows in found]
    asked = [part for part in parts if part]
    numbers = iter(_asked(asked))
    return [_at_most(next(numbers), most) if part else NONE for part in parts]


def _asked(parts: Sequence[tuple[str, tuple[Any, ...]]]) -> Sequence[int]:
    if not parts:
        return ()
    counts = ", ".join(f"(SELECT count(*) FROM ({sql}) AS bounded)" for sql, _ in parts)  # noqa: S608  (Django's own)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [value for _, values in parts for value in values])
        return cursor.fetchone() or ()


def _bounded(rows: QuerySet[Any], most: int) -> tuple[str, tuple[Any, ...]] | None:
    try:
        return rows.order_by().values("pk")[:most].query.sql_with_params()
    except EmptyResultSet:
        return None


def _at_most(number: int, most: int) -> AtMost:
    return AtMost(min(number, most), number > most)
