"""One page of a table, ready to be shown: its rows, its heads with their links, the links to the pages beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

from harriet.pages.links import link_with
from harriet.pages.tables.chips import Chip
from harriet.pages.tables.choice import Choice
from harriet.pages.tables.cursor import cursor_at, place_of
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.order import Order, order_of

T = TypeVar("T", bound=Model)


@dataclass(frozen=True, slots=True)
class Head:
    """Of a column: its label, and the link that sorts by it."""

    column: Column
    url: str
    """Empty when it can't be sorted by."""
    aria_sort: str
    """"ascending", "descending"; empty unless the rows stand by this column."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    table: Table
    rows: list[T]
    order: Order
    choice: Choice
    query: QueryDict
    older: str = ""
    """The address of the next page; empty on the last."""
    newer: str = ""
    """The address of the page before; empty on the first."""
    chips: Sequence[Chip] = ()
    save_url: str = ""
    """Where the choice of columns is sent."""
    ticked: Collection[str] = field(default_factory=frozenset)
    """Ids of rows that were ticked before the page had to be shown again."""
    can_tick: bool = False

    @property
    def name(self) -> str:
        """What its rows are, for who hears the page: several tables may stand on one."""
        return self.table.key.replace("-", " ")

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.choice.columns(self.table)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(column.key for column in self.columns)

    @property
    def is_dense(self) -> bool:
        return self.choice.is_dense

    @property
    def heads(self) -> list[Head]:
        return [self._head(column) for column in self.columns]

    @property
    def sortable(self) -> list[Head]:
        """Also by hidden columns: under 640 px there are no heads to press."""
        return [self._head(column) for column in self.table.columns if column.expression is not None]

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        """Each column that may be hidden, and whether it is shown."""
        return [(column, self.choice.shows(column)) for column in self.table.optional]

    def _head(self, column: Column) -> Head:
        if column.expression is None:
            return Head(column, "", "")
        is_current = column.key == self.order.column.key
        is_falling = is_current and self.order.is_descending
        wanted = f"-{column.key}" if is_current and not is_falling else column.key
        sorts = "" if not is_current else "descending" if is_falling else "ascending"
        return Head(column, link_with(self.query, self.table.sort_name, wanted), sorts)


def listed(
    table: Table, rows: QuerySet[T], query: QueryDict, *, choice: Choice | None = None, **shown: Any
) -> Listed[T]:
    """The page that the address asks for. Rows are neither counted nor skipped: each page begins at a place."""
    order = order_of(table, query.get(table.sort_name, ""))
    found, older, newer = _read(table, order, rows, query.get(table.cursor_name, ""))
    shown["older"] = link_with(query, table.cursor_name, older) if older else ""
    shown["newer"] = link_with(query, table.cursor_name, newer) if newer else ""
    return Listed(table, found, order, choice or Choice(), query, **shown)


def _read(table: Table, order: Order, rows: QuerySet[T], cursor: str) -> tuple[list[T], str, str]:
    """The rows, and the cursors of the pages after and before them."""
    placed = order.placed(rows)
    place = place_of(table, order, cursor, placed) if cursor else None
    if place is None:
        found = list(order.sorted(placed, is_backwards=False)[: table.size + 1])
        return found[: table.size], _end(table, order, found), ""
    beyond = order.beyond(placed, place.value, place.pk, is_backwards=place.is_backwards)
    found = list(order.sorted(beyond, is_backwards=place.is_backwards)[: table.size + 1])
    # Nothing after the place any more, or less than a page before it: the first page shows what there is.
    if not found or (place.is_backwards and len(found) <= table.size):
        return _read(table, order, rows, "")
    if place.is_backwards:
        found = found[: table.size][::-1]
        return found, cursor_at(table, order, found[-1], is_backwards=False), _start(table, order, found)
    return found[: table.size], _end(table, order, found), _start(table, order, found)


def _end(table: Table, order: Order, found: list[T]) -> str:
    """Of one row more than a page shows."""
    return cursor_at(table, order, found[table.size - 1], is_backwards=False) if len(found) > table.size else ""


def _start(table: Table, order: Order, found: list[T]) -> str:
    return cursor_at(table, order, found[0], is_backwards=True)
