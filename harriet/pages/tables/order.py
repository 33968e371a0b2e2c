"""In which order rows stand, and which come after or before a place: whatever is empty comes last, and rows that are
alike stand by their primary key, so that every row has one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Field, Model, OrderBy, Q, QuerySet
from django.db.models.expressions import Combinable

from harriet.pages.tables.declared import Column, Table

BY = "sorted_by"
"""What a row is annotated with: the value that its place goes by."""


@dataclass(frozen=True, slots=True)
class Order:
    column: Column
    expression: Combinable
    is_descending: bool

    @property
    def name(self) -> str:
        """As in the address: "name", "-name"."""
        return f"-{self.column.key}" if self.is_descending else self.column.key

    def placed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with what their place goes by."""
        placed: QuerySet[Any] = rows.annotate(**{BY: self.expression})
        return placed

    def sorted(self, placed: QuerySet[Any], *, is_backwards: bool) -> QuerySet[Any]:
        is_falling = self.is_descending != is_backwards
        last = _empty_stand(is_backwards) if may_be_empty(placed.model, self.column) else {}
        return placed.order_by(OrderBy(F(BY), descending=is_falling, **last), "-pk" if is_falling else "pk")

    def beyond(self, placed: QuerySet[Any], value: object, pk: object, *, is_backwards: bool) -> QuerySet[Any]:
        """Those after the row with this value and key, or before it."""
        side = "lt" if self.is_descending != is_backwards else "gt"
        after = {f"pk__{side}": pk}
        if value is None:
            alike = Q(**{f"{BY}__isnull": True}, **after)
            return placed.filter(alike | Q(**{f"{BY}__isnull": False}) if is_backwards else alike)
        # The first condition lets an index find the place; the second is the exact one.
        found = Q(**{f"{BY}__{side}e": value}) & (Q(**{f"{BY}__{side}": value}) | Q(**{BY: value}, **after))
        if not is_backwards and may_be_empty(placed.model, self.column):
            found |= Q(**{f"{BY}__isnull": True})
        return placed.filter(found)


def order_of(table: Table, wanted: str) -> Order:
    """What the address asks for; the table's own order when there is no such column."""
    return _order(table, wanted) or _order(table, table.order) or _unsorted(table)


def may_be_empty(model: type[Model], column: Column) -> bool:
    """Whether rows without a value are possible; of an expression nobody knows."""
    if not isinstance(column.sort, str):
        return True
    for name in column.sort.split("__"):
        field: Any = next((one for one in model._meta.get_fields() if one.name == name), None)
        if not isinstance(field, Field) or field.null:
            return True
        model = field.related_model if isinstance(field.related_model, type) else model
    return False


def _order(table: Table, wanted: str) -> Order | None:
    key = wanted.removeprefix("-")
    for column in table.columns:
        if column.key == key and column.expression is not None:
            return Order(column, column.expression, wanted.startswith("-"))
    return None


def _unsorted(table: Table) -> Order:
    raise ValueError(f"The table {table.key} has no column {table.order} to be sorted by.")


def _empty_stand(is_backwards: bool) -> dict[str, bool]:
    return {"nulls_first": True} if is_backwards else {"nulls_last": True}
