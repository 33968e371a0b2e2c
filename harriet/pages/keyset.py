"""One page of a list in any order that the database keeps: by cursor, without counting and without skipping rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

PAGE = 50


@dataclass(frozen=True, slots=True)
class KeysetPage:
    rows: list[Any]
    after: str
    """The cursor of the next page; empty on the last."""


def page_after(rows: QuerySet[Any], order: Sequence[str], cursor: str, size: int = PAGE) -> KeysetPage:
    """`order` are names without a sign, the last of them `pk`. The cursor is the id of the last row of the page before;
    one that can't be read, or whose row is gone, means the first page."""
    last = _last(rows, order, cursor)
    found = rows.filter(_later(order, last)) if last else rows
    shown = list(found.order_by(*order)[: size + 1])
    return KeysetPage(shown[:size], str(shown[size - 1].pk) if len(shown) > size else "")


def _last(rows: QuerySet[Any], order: Sequence[str], cursor: str) -> tuple[Any, ...] | None:
    try:
        return rows.filter(pk=UUID(cursor)).values_list(*order).first() if cursor else None
    except ValueError:
        return None


def _later(order: Sequence[str], last: Sequence[Any]) -> Q:
    """Greater in the first name that differs."""
    found = Q()
    for place, name in enumerate(order):
        same = Q(**dict(zip(order[:place], last[:place], strict=True)))
        found |= same & Q(**{f"{name}__gt": last[place]})
    return found
