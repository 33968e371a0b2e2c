"""Calls counted as they are sealed, and read without counting again. Ids alone: the log knows no connectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper
from django.db.models import IntegerField, Sum
from django.db.models.functions import Cast

from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.models import CallCount
from audit.stored_event import StoredEvent
from harriet.lib.batches import delete_some

HOURS_KEPT, DAYS_KEPT = timedelta(days=2), timedelta(days=35)
"""Of connectors by the hour, and of tools by the day. Those of an organization stay."""
MOST_FORGOTTEN = 20_000
"""Rows of a kind in one turn."""
_HOUR, _DAY = 3_600_000_000, 86_400_000_000
"""Microseconds."""
_Of, _What = CallCount.Of, CallCount.What

# What recounting and the migration that began to count say in SQL: change all three together.
KINDS = f"""CASE code WHEN '{CALL_INTENT}' THEN 'called' WHEN '{CALL_HELD}' THEN 'held'
 WHEN '{CALL_REFUSED}' THEN 'refused' ELSE CASE outcome WHEN 'ok' THEN 'succeeded' ELSE 'failed' END END"""


class _Place(NamedTuple):
    """A row of the table, but for its organization and its number."""

    of: str
    subject_id: str
    since: int
    what: str


def add_calls(cursor: CursorWrapper, organization_id: UUID, events: Iterable[StoredEvent]) -> None:
    """For the sealer, in its transaction: the events are linked now and never again."""
    counts = Counter(place for event in events for place in _places(event))
    if counts:
        of, subjects, starts, whats = zip(*sorted(counts), strict=True)
        numbers = [counts[place] for place in sorted(counts)]
        cursor.execute(
            "INSERT INTO audit_callcount (organization_id, of, subject_id, since, what, calls)"
            " SELECT %s, of, subject_id, to_timestamp(since / 1000000), what, calls"
            " FROM unnest(%s::text[], %s::uuid[], %s::bigint[], %s::text[], %s::bigint[])"
            " AS t (of, subject_id, since, what, calls)"
            " ON CONFLICT (organization_id, of, since, subject_id, what)"
            " DO UPDATE SET calls = audit_callcount.calls + excluded.calls",
            [organization_id, list(of), list(subjects), list(starts), list(whats), numbers],
        )


def _places(event: StoredEvent) -> Iterable[_Place]:
    """Where one event is counted; nowhere unless it is a call's, at a time that is one."""
    what = _what(event.code, event.outcome)
    if what is None or not event.recorded_at:
        return
    day, hour = (event.recorded_at // unit * unit for unit in (_DAY, _HOUR))
    yield _Place(_Of.ORGANIZATION.value, event.organization_id, day, what)
    if what == _What.CALLED and event.connector_id is not None:
        yield _Place(_Of.CONNECTOR.value, event.connector_id, hour, what)
    if what == _What.CALLED and event.tool_id is not None:
        yield _Place(_Of.TOOL.value, event.tool_id, day, what)


def _what(code: str, outcome: str) -> str | None:
    if code == CALL_OUTCOME:
        return _What.SUCCEEDED.value if outcome == "ok" else _What.FAILED.value
    return {CALL_INTENT: _What.CALLED.value, CALL_HELD: _What.HELD.value, CALL_REFUSED: _What.REFUSED.value}.get(code)


def calls_by_day(organization_id: UUID, *, since: date) -> dict[date, dict[str, int]]:
    """Of each day with calls: how many of each kind (CallCount.What)."""
    begin = datetime(since.year, since.month, since.day, tzinfo=UTC)
    rows = CallCount.objects.filter(organization_id=organization_id, of=_Of.ORGANIZATION, since__gte=begin)
    days: dict[date, dict[str, int]] = {}
    for begins, what, calls in rows.values_list("since", "what", "calls"):
        days.setdefault(begins.date(), {})[what] = calls
    return days


def busiest(organization_id: UUID, *, since: date, most: int) -> list[tuple[UUID, int]]:
    """The ids of the tools that were called most from that day on, with how often. The database adds up integers far
    faster than bigints, and none is called two thousand million times a day."""
    begin = datetime(since.year, since.month, since.day, tzinfo=UTC)
    rows = CallCount.objects.filter(organization_id=organization_id, of=_Of.TOOL, since__gte=begin)
    found = (
        rows.values_list("subject_id")
        .annotate(sum=Sum(Cast("calls", IntegerField())))
        .order_by("-sum", "subject_id")[:most]
    )
    return [(tool_id, calls) for tool_id, calls in found]


def calls_of_tools(organization_id: UUID, tools: Iterable[UUID], *, since: datetime) -> dict[UUID, int]:
    """How often each of these tools was called from that day on; those that were not are left out."""
    rows = CallCount.objects.filter(
        organization_id=organization_id, of=_Of.TOOL, subject_id__in=list(tools), what=_What.CALLED, since__gte=since
    )
    summed = rows.values_list("subject_id").annotate(sum=Sum(Cast("calls", IntegerField())))
    return dict(summed.order_by())


def calls_by_hour(
    organization_id: UUID, connectors: Iterable[UUID], *, since: datetime
) -> list[tuple[UUID, datetime, int]]:
    """Of these connectors: which was called from when on, within an hour, and how often."""
    rows = CallCount.objects.filter(
        organization_id=organization_id, of=_Of.CONNECTOR, subject_id__in=list(connectors), since__gte=since
    )
    return list(rows.values_list("subject_id", "since", "calls"))


def forget_old_counts(now: datetime) -> int:
    """Those by which nothing is shown any more; returns how many rows."""
    hours = delete_some(CallCount.objects.filter(of=_Of.CONNECTOR, since__lt=now - HOURS_KEPT), MOST_FORGOTTEN)
    return hours + delete_some(CallCount.objects.filter(of=_Of.TOOL, since__lt=now - DAYS_KEPT), MOST_FORGOTTEN)
