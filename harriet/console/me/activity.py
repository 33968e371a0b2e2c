"""What a person's clients did and what was decided about it: read from the audit log, newest first, one row a call."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.models import Event
from audit.queries import EventFilters, events_of, page_of_events
from connectors.access.usable import usable_tools
from connectors.models import Tool
from harriet.console.me.happening import Happening, happening_of
from harriet.people.models import Membership

PAGE = 30
"""Calls on one page."""
MOST_NAMED = 200
"""Tools whose names a filter fits."""
BEGINNINGS = (CALL_INTENT, CALL_REFUSED, CALL_HELD)
OUTCOMES = (
    ("ok", "Succeeded"),
    ("failed", "Failed"),
    ("held", "Asked somebody first"),
    ("refused", "Refused"),
)
TIMES = (("1", "Today and yesterday"), ("7", "The last week"), ("30", "The last month"))
_DAYS = {"1": 1, "7": 7, "30": 30}


@dataclass(frozen=True, slots=True)
class CallFilters:
    """Which of the person's calls; empty means any."""

    tool: str = ""
    """A part of its name."""
    device: UUID | None = None
    outcome: str = ""
    """A key of OUTCOMES."""
    days: str = ""
    """A key of TIMES."""


@dataclass(frozen=True, slots=True)
class CallPage:
    calls: list[Happening]
    older: str
    newer: str


def calls_of(membership: Membership, filters: CallFilters, cursor: str = "", size: int = PAGE) -> CallPage:
    """A cursor that can't be read means the first page."""
    page = page_of_events(_beginnings(membership, filters), cursor, size)
    steps = _steps_of(membership.organization_id, page.events)
    known = _usable_among(membership, page.events)
    calls = [happening_of(event, steps[event.request_id], known) for event in page.events]
    return CallPage(calls, page.older, page.newer)


def _beginnings(membership: Membership, filters: CallFilters) -> QuerySet[Event]:
    """The first event of each call: a call that was held and then ran is one call."""
    since = timezone.now() - timedelta(days=_DAYS[filters.days]) if filters.days in _DAYS else None
    mine = events_of(membership.organization_id, EventFilters(person=membership.user_id, since=since))
    held_before = Q(Exists(_same_request(CALL_HELD)), code=CALL_INTENT)
    found = mine.filter(code__in=BEGINNINGS).exclude(held_before)
    if filters.tool:
        named = Tool.objects.filter(organization=membership.organization_id, name__icontains=filters.tool)
        found = found.filter(tool_id__in=list(named.values_list("pk", flat=True)[:MOST_NAMED]))
    if filters.device is not None:
        found = found.filter(body__contains=f'"device":{{"id":"{filters.device}"')
    return _with_outcome(found, filters.outcome)


def _with_outcome(found: QuerySet[Event], outcome: str) -> QuerySet[Event]:
    if outcome == "refused":
        return found.filter(code=CALL_REFUSED)
    if outcome == "held":
        return found.filter(code=CALL_HELD)
    if outcome == "ok":
        return found.filter(Exists(_same_request(CALL_OUTCOME).filter(outcome="ok")))
    if outcome == "failed":
        return found.filter(Exists(_same_request(CALL_OUTCOME).exclude(outcome="ok")))
    return found


def _same_request(code: str) -> QuerySet[Event]:
    return Event.objects.filter(
        organization_id=OuterRef("organization_id"), request_id=OuterRef("request_id"), code=code
    )


def _steps_of(organization_id: UUID, beginnings: list[Event]) -> dict[UUID, list[Event]]:
    """All that became of each, oldest first."""
    requests = {event.request_id for event in beginnings}
    found: defaultdict[UUID, list[Event]] = defaultdict(list)
    events = Event.objects.filter(organization_id=organization_id, request_id__in=requests)
    for event in events.order_by("recorded_at", "id"):
        found[event.request_id].append(event)
    return found


def _usable_among(membership: Membership, events: list[Event]) -> set[UUID]:
    """Tools of these events that the person may use: of others, they are told no more than that."""
    named = {event.tool_id for event in events if event.tool_id is not None}
    return set(usable_tools(membership).filter(pk__in=named).values_list("pk", flat=True))
