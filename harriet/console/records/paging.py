"""One page of a list of any length: by cursor, without counting, and never reading more than a window of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from harriet.console.records.parents import Parents, newest
from harriet.lib.microseconds import microseconds_of, moment_at

PAGE = 50
WINDOW = 10_000
"""So many rows at most are looked through for what no index finds."""


@dataclass(frozen=True, slots=True)
class Listed:
    rows: list[Any]
    older: str
    """The cursor of the page after this one; empty on the last."""
    is_later: bool
    """There are newer rows before these."""
    is_cut: bool
    """The window ended before the page was full: there may be more among older rows."""


def listed(rows: QuerySet[Any], loose: Q, *, time: str, cursor: str, parents: Parents | None = None) -> Listed:
    """The newest rows after the cursor that fit `loose`, which no index helps with. `rows` is already as narrow as
    indexes make it. A cursor that can't be read means the first page."""
    before = _before(rows.model, time, cursor)
    order = (f"-{time}", "-pk") if time else ("-pk",)
    ordered = (rows.filter(before) if before else rows).order_by(*order)
    end = _end_of_window(ordered, order, parents) if loose else None
    floor = {f"{time or 'pk'}__gte": getattr(end, time or "pk")} if end is not None else {}
    found = _newest(ordered.filter(loose, **floor), order, parents, size=PAGE + 1)
    if len(found) > PAGE:
        return Listed(found[:PAGE], _cursor(found[PAGE - 1], time), bool(before), False)
    return Listed(found, _cursor(end, time) if end is not None else "", bool(before), end is not None)


def _end_of_window(ordered: QuerySet[Any], order: tuple[str, ...], parents: Parents | None) -> Any:
    """None when there are fewer rows than the window holds. Of parents, each has its part of the window: down to the
    newest of their last rows, all rows have been looked at. What the rows lead to is not read on the way there."""
    part = max(PAGE + 1, WINDOW // max(1, parents.number)) if parents else WINDOW
    places = ordered.select_related(None).only(*(name.removeprefix("-") for name in order))
    return next(iter(_newest(places, order, parents, skip=part - 1, size=1)), None)


def _newest(
    ordered: QuerySet[Any], order: tuple[str, ...], parents: Parents | None, *, skip: int = 0, size: int
) -> list[Any]:
    return newest(ordered, order, parents, skip=skip, size=size) if parents else list(ordered[skip : skip + size])


def _cursor(row: Any, time: str) -> str:
    micros = f"{microseconds_of(getattr(row, time)):x}" if time else ""
    return f"{micros}.{row.pk}"


def _before(model: type[Model], time: str, cursor: str) -> Q:
    micros, _, id = cursor.partition(".")
    try:
        pk = model._meta.pk.to_python(id)
        at = moment_at(int(micros, 16)) if time else None
    except (ValidationError, ValueError, OverflowError):
        return Q()
    if not time:
        return Q(pk__lt=pk)
    # The first condition lets the index find the place; the second is the exact one.
    return Q(**{f"{time}__lte": at}) & (Q(**{f"{time}__lt": at}) | Q(**{time: at, "pk__lt": pk}))
