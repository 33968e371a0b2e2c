"""Reading the log: always of one organization, newest first, page by page with a cursor that never skips a row."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.id_ranges import ids_between, shifted
from audit.looking import Looked, Place, Span, beside, look
from audit.models import RARE, Event
from audit.search import (
    Condition,
    names_client,
    names_device,
    names_device_called,
    names_ticket,
    says,
)
from audit.vocabulary.declaration import TOGETHER, codes_of
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
    device: UUID | None = None
    device_name: str = ""
    client: str = ""
    """How its name begins."""
    ticket: int = 0
    text: str = ""

    def lookups(self) -> dict[str, Any]:
        """What an index finds, by itself or by what else is chosen."""
        chosen = {lookup: getattr(self, name) for name, lookup in _LOOKUPS.items()}
        return {lookup: value for lookup, value in chosen.items() if value}

    def lanes(self, organization_id: UUID) -> list[dict[str, Any]]:
        """Lookups that an index finds in the order of time, each of all that fits."""
        chosen = self.lookups()
        among = {name: chosen.pop(name) for name in _TIMES if name in chosen} | {"organization_id": organization_id}
        chosen |= {name: getattr(self, name) for name, words in RARE.items() if getattr(self, name) in words}
        return [{name: value, **among} for name, value in chosen.items()] or [among]

    def conditions(self) -> list[Condition]:
        """What is read row by row: first what costs least, and is true of the fewest."""
        chosen = ((condition, getattr(self, name)) for name, condition in _ROW_BY_ROW.items())
        return [*(condition(value) for condition, value in chosen if value), *says(self.text)]

    @property
    def is_any(self) -> bool:
        return not self.lookups() and not self.conditions()


_LOOKUPS = {
    "request": "request_id",
    "person": "person_id",
    "connector": "connector_id",
    "tool": "tool_id",
    "code": "code",
    "since": "recorded_at__gte",
    "until": "recorded_at__lt",
}
MOST_SEARCHED = 10_000
"""Rows that one page reads; fewer where several conditions are read in each."""
_LONGEST_TOGETHER = timedelta(days=62)
"""From the first step of a call to its last. What comes later is a row of its own."""
_TIMES = ("recorded_at__gte", "recorded_at__lt")
_ROW_BY_ROW: dict[str, Callable[[Any], Condition]] = {
    "decision": lambda word: Q(decision=word),
    "outcome": lambda word: Q(outcome=word),
    "device": names_device,
    "device_name": names_device_called,
    "client": names_client,
    "ticket": names_ticket,
}


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of the log, newest first."""

    events: list[Event]
    older: str
    """The cursor of the page after this one; empty on the last."""
    newer: str
    searched_to: datetime | None = None
    """Of a search row by row that ended before the log did: how far back it went. `older` goes on behind that."""


def events_of(organization_id: UUID, filters: EventFilters | None = None) -> QuerySet[Event]:
    """Newest first."""
    chosen = filters or EventFilters()
    found = Event.objects.filter(*chosen.conditions(), organization_id=organization_id, **chosen.lookups())
    return found.order_by("-recorded_at", "-id")


def event_page(
    organization_id: UUID, filters: EventFilters, cursor: str = "", size: int = PAGE, *, is_by_call: bool = False
) -> EventPage:
    """A cursor that can't be read means the first page. By call, of what is told together only the newest is there."""
    direction, place = _read(cursor)
    is_up = direction == "n"
    on, back = ("n", "o") if is_up else ("o", "n")
    looked = _looked(organization_id, filters, size, place, is_up=is_up, is_by_call=is_by_call)
    events = _events_at(organization_id, looked.places[:size])
    is_full = len(looked.places) > size
    end = looked.places[size - 1] if is_full else looked.end
    beyond = place_cursor(on, end) if end is not None else ""
    first = looked.places[0] if events else place and _behind(place, is_up=is_up)
    before = place_cursor(back, first) if place is not None and first is not None else ""
    if is_up:
        return EventPage(events, before, beyond)
    return EventPage(events, beyond, before, None if is_full or end is None else end.at)


def _looked(
    organization_id: UUID,
    filters: EventFilters,
    size: int,
    place: Place | None,
    *,
    is_up: bool = False,
    is_by_call: bool = False,
    newer: Place | None = None,
) -> Looked:
    """`newer`: nothing that isn't newer than that."""
    conditions = filters.conditions()
    lanes = [Event.objects.filter(**lane) for lane in filters.lanes(organization_id)]
    within = Span(filters.since, filters.until)
    if newer is not None:
        lanes = [lane.filter(beside(newer, "gt")) for lane in lanes]
        within = Span(max(newer.at, filters.since or newer.at), filters.until)

    def fits(span: Span) -> Q:
        fit = Q(**filters.lookups()) & Q(*conditions)
        return fit & newest_of_each(_around(events_of(organization_id, filters), span)) if is_by_call else fit

    most = MOST_SEARCHED // max(1, len(conditions) // 2)
    return look(lanes, fits, size, place, most, within=within, is_up=is_up)


def _around(events: QuerySet[Event], span: Span) -> QuerySet[Event]:
    """Where the other steps of what happened in that time lie."""
    since, until = shifted(span.since, -_LONGEST_TOGETHER), shifted(span.until, _LONGEST_TOGETHER)
    return events.filter(**ids_between(since, until))


def _events_at(organization_id: UUID, places: list[Place]) -> list[Event]:
    events = Event.objects.filter(organization_id=organization_id, id__in=[place.id for place in places])
    return sorted(events, key=lambda event: (event.recorded_at, event.id), reverse=True)


def page_of_events(events: QuerySet[Event], cursor: str = "", size: int = PAGE) -> EventPage:
    """Of events that `events_of` found and somebody else filtered further."""
    direction, place = _read(cursor)
    if place is None:
        rows = list(events[: size + 1])
        return EventPage(rows[:size], _cursor("o", rows[size - 1]) if len(rows) > size else "", "")
    if direction == "n":
        rows = list(events.filter(beside(place, "gt")).reverse()[: size + 1])
        has_more, rows = len(rows) > size, rows[:size][::-1]
        return EventPage(rows, _edge("o", rows, -1), _edge("n", rows, 0) if has_more else "")
    rows = list(events.filter(beside(place, "lt"))[: size + 1])
    has_more, rows = len(rows) > size, rows[:size]
    return EventPage(rows, _edge("o", rows, -1) if has_more else "", _edge("n", rows, 0))


def newer_than(
    organization_id: UUID, filters: EventFilters, cursor: str, most: int, *, is_by_call: bool = False
) -> int:
    """How many have come since a place, at most so many; of a long time, among the newest."""
    _, place = _read(cursor)
    if place is None:
        return 0
    looked = _looked(organization_id, filters, most, None, is_by_call=is_by_call, newer=place)
    return min(len(looked.places), most)


def cursor_at(event: Event | None) -> str:
    """The place of an event, for `newer_than`."""
    return _cursor("n", event) if event is not None else ""


def newest_of_each(events: QuerySet[Event]) -> Q:
    """Of the events of one request that are told together (the steps of a call, what a sync found) the newest alone."""
    alone, every = Q(), list[str]()
    for together in TOGETHER:
        codes = codes_of(together)
        newer = (
            events.order_by()
            .filter(request_id=OuterRef("request_id"), code__in=codes, recorded_at__gte=OuterRef("recorded_at"))
            .filter(
                Q(recorded_at__gt=OuterRef("recorded_at"))
                | Q(recorded_at=OuterRef("recorded_at"), id__gt=OuterRef("id"))
            )
        )
        alone |= Q(~Exists(newer), code__in=codes)
        every += codes
    return alone | ~Q(code__in=every)


def steps_of(organization_id: UUID, events: Collection[Event], most: int) -> list[Event]:
    """What is told together with these, oldest first: of each request the newest `most`, which know how many there are
    in all (`in_all`)."""
    codes = [code for together in TOGETHER for code in codes_of(together)]
    times = [event.recorded_at for event in events]
    every = _around(Event.objects.filter(organization_id=organization_id), Span(min(times), max(times)))
    own = every.filter(request_id__in={event.request_id for event in events}, code__in=codes)
    numbered = own.annotate(
        from_end=Window(RowNumber(), partition_by=["request_id"], order_by=["-recorded_at", "-id"]),
        in_all=Window(Count("pk"), partition_by=["request_id"]),
    )
    return sorted(numbered.filter(from_end__lte=most), key=lambda event: (event.recorded_at, event.id))


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


def _edge(direction: str, rows: list[Event], index: int) -> str:
    return _cursor(direction, rows[index]) if rows else ""


def _cursor(direction: str, event: Event) -> str:
    return place_cursor(direction, Place(event.recorded_at, event.id))


def _behind(place: Place, *, is_up: bool) -> Place:
    """From a page on which nothing is, the way back begins with the event at which the page began."""
    return place._replace(id=UUID(int=min(max(place.id.int + (1 if is_up else -1), 0), 2**128 - 1)))


def place_cursor(direction: str, place: Place) -> str:
    """`direction`: o for what is older, n for what is newer."""
    return f"{direction}{microseconds_of(place.at):x}.{place.id.hex}"


def _read(cursor: str) -> tuple[str, Place | None]:
    try:
        micros, _, id = cursor[1:].partition(".")
        return cursor[:1], Place(moment_at(int(micros, 16)), UUID(hex=id))
    except (ValueError, OverflowError):
        return "", None
