"""Every combination of up to three filters of the log, on its newest page and on one in the middle: what each costs.

Each filter is tried with what is frequent and with what is rare in this log, by itself and with the others.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, product
from statistics import quantiles
from typing import Any
from uuid import UUID

from django.db import connection

from audit.looking import Place
from audit.models import Event
from audit.queries import EventFilters, event_page, place_cursor
from harriet.console.audit.rows import log_rows

MOST_DATABASE_MS = 200
MOST_FILTERS = 3
PAGE = 20
_SAMPLED = 0.5
"""Percent of the log, to find what is frequent and what is rare in it."""
Choice = tuple[str, str, dict[str, Any]]
"""The filter, a word for its value, and the value."""


@dataclass(frozen=True, slots=True)
class FilterCost:
    name: str
    page: str
    """newest or middle"""
    database_ms: float
    queries: int
    found: int
    """Rows on the page."""
    reached: datetime | None
    """How far back the page looked, where that was not the end."""

    def line(self) -> str:
        where = f", looked back to {self.reached:%Y-%m-%d}" if self.reached else ""
        figures = f"{self.database_ms:8.1f} ms {self.queries:3} queries  {self.found:3} rows{where}"
        return f"{figures}  {self.name} ({self.page})"


def walk_filters(organization_id: UUID, most: int = MOST_FILTERS) -> Iterator[FilterCost]:
    """Of a log that was analyzed. The lesser of two visits counts: the first warms."""
    middle = place_cursor("o", Place(_middle(organization_id), UUID(int=0)))
    for chosen in combined(choices(organization_id), most):
        filters = EventFilters(**{name: value for _, _, one in chosen for name, value in one.items()})
        name = ", ".join(f"{field} {word}" for field, word, _ in chosen) or "none"
        for page, cursor in (("newest", ""), ("middle", middle)):
            costs = [_cost(organization_id, filters, cursor, name, page) for _ in range(2)]
            yield min(costs, key=lambda cost: cost.database_ms)


def summary(costs: list[FilterCost]) -> str:
    """A line with the figures that the table of docs/scale.md has."""
    taken = sorted(cost.database_ms for cost in costs)
    over = sum(1 for ms in taken if ms > MOST_DATABASE_MS)
    most = quantiles(taken, n=10)[-1]
    return f"{len(taken)} pages, {over} over {MOST_DATABASE_MS} ms; 90 % within {most:.0f} ms, worst {taken[-1]:.0f} ms"


def combined(choices: list[Choice], most: int) -> Iterator[tuple[Choice, ...]]:
    by_filter: dict[str, list[Choice]] = {}
    for choice in choices:
        by_filter.setdefault(choice[0], []).append(choice)
    for size in range(most + 1):
        for names in combinations(by_filter, size):
            yield from product(*(by_filter[name] for name in names))


def choices(organization_id: UUID) -> list[Choice]:
    sample = _sample(organization_id)
    found: list[Choice] = []
    for name in ("person", "connector", "tool", "code"):
        counted = Counter(row[name] for row in sample if row[name]).most_common()
        if counted:
            found += [(name, "frequent", {name: counted[0][0]}), (name, "rare", {name: counted[-1][0]})]
    found += [("decision", word, {"decision": word}) for word in ("run", "hold", "refuse")]
    found += [("outcome", word, {"outcome": word}) for word in ("ok", "error", "unknown")]
    middle = _middle(organization_id)
    found += [("time", "since the middle", {"since": middle}), ("time", "a day", _day(middle))]
    found += [("client", word, {"client": word}) for word in ("Claude", "Nobody's")]
    found += [("device", "one", {"device": UUID(int=1)}), ("device", "by name", {"device_name": "Laptop 1"})]
    found += [("ticket", "one", {"ticket": 17}), ("text", "frequent", {"text": "server laptop"})]
    return [*found, ("text", "in no event", {"text": "xylophone zither"})]


def _sample(organization_id: UUID) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, connector_id, tool_id, code FROM audit_event TABLESAMPLE SYSTEM (%s)"
            " WHERE organization_id = %s",
            [_SAMPLED, organization_id],
        )
        return [dict(zip(("person", "connector", "tool", "code"), row, strict=True)) for row in cursor.fetchall()]


def _middle(organization_id: UUID) -> datetime:
    mine = Event.objects.filter(organization_id=organization_id)
    first, last = mine.order_by("recorded_at")[0].recorded_at, mine.order_by("-recorded_at")[0].recorded_at
    return first + (last - first) / 2


def _day(since: datetime) -> dict[str, datetime]:
    return {"since": since, "until": since + timedelta(days=1)}


def _cost(organization_id: UUID, filters: EventFilters, cursor: str, name: str, page: str) -> FilterCost:
    with _watched() as statements:
        found = event_page(organization_id, filters, cursor, PAGE, is_by_call=True)
        log_rows(organization_id, found.events)
    return FilterCost(name, page, sum(statements), len(statements), len(found.events), found.searched_to)


@contextmanager
def _watched() -> Iterator[list[float]]:
    """Milliseconds of each statement."""
    taken: list[float] = []

    def watch(execute: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            taken.append((time.perf_counter() - began) * 1000)

    with connection.execute_wrapper(watch):
        yield taken
