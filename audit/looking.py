"""Looking through the log from a place on: along one index, a bounded number of rows, whatever is looked for.

What no index finds is looked for row by row, and a page says how far that went. Left to itself, the database would read
millions of rows for the next fifty that fit, or sort all that one index finds by another's order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from audit.id_ranges import along_indexes, ids_between, shifted
from audit.models import Event

_FIRST = 2
"""So many rows for each that is asked for are read first: a call has an intent and an outcome."""
_FARTHER = 16
"""Each turn of a page reads so many times the rows of the one before."""
_SPANS = (timedelta(days=31), timedelta(days=366))
_PROBED = 250
"""How far back so many rows go tells which index finds least."""


class Place(NamedTuple):
    """Of an event among the others."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Looked:
    places: list[Place]
    """Of what fits, as it was come by; one more than was asked for when there is more."""
    end: Place | None
    """Where the looking ended; None where there was nothing left to look at."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the time; None is no bound. `until` is within it."""

    since: datetime | None
    until: datetime | None

    def of(self, events: QuerySet[Event]) -> QuerySet[Event]:
        bounds = {"recorded_at__gte": self.since, "recorded_at__lte": self.until}
        within = {lookup: moment for lookup, moment in bounds.items() if moment is not None}
        return events.filter(**within, **ids_between(self.since, self.until))


def look(
    lanes: Sequence[QuerySet[Event]],
    fits: Callable[[Span], Q],
    size: int,
    place: Place | None,
    most: int,
    *,
    within: Span,
    is_up: bool = False,
) -> Looked:
    """From the place on, or from the newest; back, or up to the newest. Reads `most` rows at most. `lanes`: what is
    within that time, along each index that finds it, without an order; everything that fits is in every one of them."""
    found: list[Place] = []
    looked_at, rows, end = 0, (size + 1) * _FIRST, place
    for span in _spans(place, within, is_up=is_up):
        lane = _shortest([span.of(_from(lane, end, is_up=is_up)) for lane in lanes], is_up=is_up)
        is_left = True
        while is_left and len(found) <= size and looked_at < most:
            rows = min(rows, most - looked_at)
            more, last, count = _turn(span.of(_from(lane, end, is_up=is_up)), fits(span), rows)
            found, looked_at, end = found + more, looked_at + count, last or end
            is_left, rows = count == rows, rows * _FARTHER
        if is_left:
            return Looked(found[: size + 1], end)
    return Looked(found[: size + 1], None)


def _spans(place: Place | None, within: Span, *, is_up: bool) -> Iterator[Span]:
    """A month, a year, and all there is: each of them from the place on. Nearly all pages end within the month."""
    start = place.at if place is not None else within.until or timezone.now()
    for length in _SPANS:
        far = shifted(start, length if is_up else -length)
        span = Span(start, far) if is_up else Span(far, start if place else within.until)
        reached, bound = (span.until, within.until) if is_up else (span.since, within.since)
        if bound is not None and reached is not None and ((reached >= bound) if is_up else (reached <= bound)):
            break
        yield span
    yield Span(start, within.until) if is_up else Span(within.since, start if place else within.until)


def beside(place: Place, side: str) -> Q:
    """`side`: lt for what is older, gt for what is newer."""
    # The first condition lets the index find the place; the second is the exact one.
    return Q(**{f"recorded_at__{side[0]}te": place.at}) & (
        Q(**{f"recorded_at__{side}": place.at}) | Q(**{"recorded_at": place.at, f"id__{side}": place.id})
    )


def _from(lane: QuerySet[Event], place: Place | None, *, is_up: bool) -> QuerySet[Event]:
    lane = lane.order_by("recorded_at", "id") if is_up else lane.order_by("-recorded_at", "-id")
    return lane if place is None else lane.filter(beside(place, "gt" if is_up else "lt"))


def _shortest(lanes: list[QuerySet[Event]], *, is_up: bool) -> QuerySet[Event]:
    """The one of which the same number of rows goes furthest."""
    if len(lanes) == 1:
        return lanes[0]
    probes = [lane.values("recorded_at")[_PROBED - 1 : _PROBED].query.sql_with_params() for lane in lanes]
    columns = ", ".join(f"({sql})" for sql, _ in probes)
    with connection.cursor() as cursor:
        values = [value for _, values in probes for value in values]
        (reached,) = along_indexes(cursor, f"SELECT {columns}", values)
    ended = [lane for lane, at in zip(lanes, reached, strict=True) if at is None]
    if ended:
        return ended[0]
    far = (max if is_up else min)(at for at in reached if at is not None)
    return lanes[reached.index(far)]


def _turn(lane: QuerySet[Event], fits: Q, rows: int) -> tuple[list[Place], Place | None, int]:
    """What fits among the next rows, the place of the last of them, and how many there are. The condition is a column:
    in WHERE it would have the planner look elsewhere, for which nothing is bounded."""
    order: list[Any] = list(lane.query.order_by)
    told = lane.annotate(fits=ExpressionWrapper(fits, BooleanField()), number=Window(RowNumber(), order_by=order))
    sql, values = told.values("recorded_at", "id", "fits", "number")[:rows].query.sql_with_params()
    with connection.cursor() as cursor:
        found = along_indexes(
            cursor,
            f"WITH looked AS MATERIALIZED ({sql})"  # noqa: S608 (no input)
            " SELECT recorded_at, id, fits, number FROM looked"
            " WHERE fits OR number = (SELECT count(*) FROM looked) ORDER BY number",
            values,
        )
    places = [Place(at, id) for at, id, is_fit, _ in found if is_fit]
    return places, Place(*found[-1][:2]) if found else None, found[-1][3] if found else 0
