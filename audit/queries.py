"""Reading the log: always of one organization, newest first, page by page with a cursor that never skips a row."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.models import Event
from harriet.lib.microseconds import microseconds_of, moment_at

PAGE = 50
"""Events on one page."""
CALLS = (CALL_INTENT, CALL_OUTCOME, CALL_REFUSED, CALL_HELD)


@dataclass(frozen=True, slots=True)
class EventFilters:
    """Which events; None and empty mean any. `until` is excluded."""

    request: UUID | None = None
    person: UUID | None = None
    connector: UUID | None = None
    tool: UUID | None = None
    code: str = ""
    decision: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def lookups(self) -> dict[str, Any]:
        chosen = {_LOOKUPS[item.name]: getattr(self, item.name) for item in fields(self)}
        return {lookup: value for lookup, value in chosen.items() if value}


_LOOKUPS = {
    "request": "request_id",
    "person": "person_id",
    "connector": "connector_id",
    "tool": "tool_id",
    "code": "code",
    "decision": "decision",
    "outcome": "outcome",
    "since": "recorded_at__gte",
    "until": "recorded_at__lt",
}


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of the log, newest first."""

    events: list[Event]
    older: str
    """The cursor of the page after this one; empty on the last."""
    newer: str


def events_of(organization_id: UUID, filters: EventFilters | None = None) -> QuerySet[Event]:
    """Newest first."""
    found = Event.objects.filter(organization_id=organization_id, **(filters.lookups() if filters else {}))
    return found.order_by("-recorded_at", "-id")


def event_page(organization_id: UUID, filters: EventFilters, cursor: str = "", size: int = PAGE) -> EventPage:
    """A cursor that can't be read means the first page."""
    return page_of_events(events_of(organization_id, filters), cursor, size)


def page_of_events(events: QuerySet[Event], cursor: str = "", size: int = PAGE) -> EventPage:
    """The same of events that `events_of` found and somebody else filtered further."""
    direction, place = _read(cursor)
    if place is None:
        rows = list(events[: size + 1])
        return EventPage(rows[:size], _cursor("o", rows[size - 1]) if len(rows) > size else "", "")
    if direction == "n":
        rows = list(events.filter(_beside(place, "gt")).reverse()[: size + 1])
        has_more, rows = len(rows) > size, rows[:size][::-1]
        return EventPage(rows, _edge("o", rows, -1), _edge("n", rows, 0) if has_more else "")
    rows = list(events.filter(_beside(place, "lt"))[: size + 1])
    has_more, rows = len(rows) > size, rows[:size]
    return EventPage(rows, _edge("o", rows, -1) if has_more else "", _edge("n", rows, 0))


def event_of(organization_id: UUID, event_id: UUID) -> Event | None:
    """None when the organization has no such event."""
    return Event.objects.filter(organization_id=organization_id, id=event_id).first()


def request_of(event: Event) -> QuerySet[Event]:
    """Everything that the same request caused, oldest first."""
    same = Event.objects.filter(organization_id=event.organization_id, request_id=event.request_id)
    return same.order_by("recorded_at", "id")


def calls_of_tool(organization_id: UUID, tool_id: UUID, *, limit: int) -> list[Event]:
    """The latest outcomes and refusals of one tool. Events have `.sentence` and `.recorded_at`."""
    codes = (CALL_OUTCOME, CALL_REFUSED)
    return list(events_of(organization_id, EventFilters(tool=tool_id)).filter(code__in=codes)[:limit])


_Place = tuple[datetime, UUID]
"""Where a page ends: when that event was recorded, and its id."""


def _beside(place: _Place, side: str) -> Q:
    at, id = place
    # The first condition lets the index find the place; the second is the exact one.
    return Q(**{f"recorded_at__{side[0]}te": at}) & (
        Q(**{f"recorded_at__{side}": at}) | Q(**{"recorded_at": at, f"id__{side}": id})
    )


def _edge(direction: str, rows: list[Event], index: int) -> str:
    return _cursor(direction, rows[index]) if rows else ""


def _cursor(direction: str, event: Event) -> str:
    return f"{direction}{microseconds_of(event.recorded_at):x}.{event.id.hex}"


def _read(cursor: str) -> tuple[str, _Place | None]:
    try:
        micros, _, id = cursor[1:].partition(".")
        return cursor[:1], (moment_at(int(micros, 16)), UUID(hex=id))
    except (ValueError, OverflowError):
        return "", None
