"""Rows that belong to the organization through another row, such as a tool's definitions: read from each of the
organization's own parents, never by walking what other organizations have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import ForeignKey, ManyToOneRel, QuerySet
from django.db.models.expressions import RawSQL

from harriet.console.records.registry import model_of
from harriet.lib.records import Record

MOST = 10_000
"""Of more parents the index of all rows is walked: then a fair part of what it holds is the organization's own."""


@dataclass(frozen=True, slots=True)
class Parents:
    link: str
    """The field of a row that holds its parent's id."""
    ids: QuerySet[Any]
    """Of the organization's parents; one column."""
    number: int


def parents_of(record: Record, organization_id: UUID) -> Parents | None:
    """None when rows name their organization themselves, and when there are too many parents to ask one by one."""
    hop, _, scope = record.scope.partition("__")
    if not scope:
        return None
    try:
        relation = model_of(record)._meta.get_field(hop)
    except FieldDoesNotExist:  # pragma: no cover  # the scope is looked up on every page
        return None
    if isinstance(relation, ManyToOneRel):
        link, column = "pk", relation.field.attname
    elif isinstance(relation, ForeignKey):
        link, column = relation.attname, "pk"
    else:
        return None
    ids = relation.related_model._default_manager.filter(**{scope: organization_id}).order_by().values_list(column)
    number = ids[: MOST + 1].count()
    return Parents(link, ids, number) if number <= MOST else None


def newest(rows: QuerySet[Any], order: tuple[str, ...], parents: Parents, *, skip: int, size: int) -> list[Any]:
    """Of each parent the newest rows after `skip`; of all these the newest, so many as `size`. An index on the parent
    and the time finds them."""
    columns = [name.removeprefix("-") for name in order]
    each = rows.filter(**{parents.link: RawSQL("parent.id", ())}).order_by(*order).values_list(*columns)
    found, values = each[skip : skip + size].query.sql_with_params()
    ids, scope = parents.ids.query.sql_with_params()
    names = [f"place{number}" for number in range(len(columns))]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT found.{names[-1]} FROM ({ids}) AS parent(id) CROSS JOIN LATERAL ({found})"  # noqa: S608
            f" AS found({', '.join(names)}) ORDER BY {', '.join(f'{name} DESC' for name in names)} LIMIT %s",
            (*scope, *values, size),
        )
        wanted = [row[0] for row in cursor.fetchall()]
    return list(rows.filter(pk__in=wanted).order_by(*order)) if wanted else []
