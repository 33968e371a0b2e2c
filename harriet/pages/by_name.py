"""Rows of many by their names, a page at a time, read from an index of how they begin."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import CharField, F, OrderBy, Q, QuerySet
from django.db.models.functions import Lower
from django.db.models.lookups import BuiltinLookup

PAGE = 50


class ByIndex(OrderBy):
    """In the order of an index with text_pattern_ops: in another, the database reads the whole table for the first of
    many."""

    template = "%(expression)s USING ~<~ /* ASC */"
    """Django looks for a direction in what it orders by; PostgreSQL takes none here."""


class _InIndexOrder(BuiltinLookup):
    """In the order of such an index, whatever the database's own order of letters is."""

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        return f"{'~>~' if self.lookup_name == 'comes_after' else '~>=~'} {rhs}"


@CharField.register_lookup
class ComesAfter(_InIndexOrder):
    lookup_name = "comes_after"


@CharField.register_lookup
class ComesNotBefore(_InIndexOrder):
    lookup_name = "comes_not_before"


class NamedPage(NamedTuple):
    rows: list[Any]
    after: str
    """Where the next page begins; empty on the last."""


def page_by_name(rows: QuerySet[Any], name: str, after: str, size: int = PAGE) -> NamedPage:
    """A cursor that can't be read means the first page."""
    found = rows.annotate(beginning=Lower(name)).filter(_after(after))
    shown = list(found.order_by(ByIndex(F("beginning")), "pk")[: size + 1])
    last = shown[size - 1] if len(shown) > size else None
    return NamedPage(shown[:size], f"{last.pk}.{last.beginning}" if last else "")


def _after(cursor: str) -> Q:
    id, _, beginning = cursor.partition(".")
    try:
        last = UUID(id)
    except ValueError:
        return Q()
    # The first condition lets the index find the place; the second is the exact one.
    return Q(beginning__comes_not_before=beginning) & (
        Q(beginning__comes_after=beginning) | Q(beginning=beginning, pk__gt=last)
    )


def first_by_name(rows: QuerySet[Any], most: int) -> list[tuple[Any, str]]:
    """Ids and beginnings of the first rows, which have the alias `beginning`."""
    found = rows.annotate(beginning=F("beginning")).order_by(ByIndex(F("beginning")), "pk")
    return list(found.values_list("pk", "beginning")[:most])
