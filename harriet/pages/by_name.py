"""Rows of many by their names, a page at a time, read from an index of how they begin."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, F, Q, QuerySet
from django.db.models.functions import Lower
from django.db.models.lookups import BuiltinLookup

PAGE = 50


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
    found = rows.alias(beginning=Lower(name)).filter(_after(after))
    places = first_by_name(found, size + 1)
    by_id = {row.pk: row for row in rows.filter(pk__in=[pk for pk, _ in places[:size]])}
    shown = [by_id[pk] for pk, _ in places[:size] if pk in by_id]
    return NamedPage(shown, "{}.{}".format(*places[size - 1]) if len(places) > size else "")


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
    """Ids and beginnings of rows that have the alias `beginning`, in the order of an index with text_pattern_ops, which
    the ORM can't say: in no order, the database may read the whole table for the first of many."""
    found = rows.order_by().annotate(beginning=F("beginning")).values_list("pk", "beginning")
    try:
        sql, values = found.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY 2 USING ~<~, 1 LIMIT {int(most)}", values)
        return [(pk, beginning) for pk, beginning in cursor.fetchall()]
