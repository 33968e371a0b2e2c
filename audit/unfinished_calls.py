"""Calls whose outcome nobody wrote, because the process ended: closed as `unknown`, exactly once.

An outcome belongs to the intent that its details name (`intent`), else to the oldest intent of the same request.
Intents are looked for, not requests: a call that was held has its intent long after the request came.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from audit.actor import SYSTEM, Label
from audit.event_body import Frame, NewEvent
from audit.events import CALL_INTENT, CALL_OUTCOME
from audit.id_ranges import ALONG_INDEXES, SPREAD, first_id
from audit.models import Event, Sweep
from audit.record import insert_each
from audit.vocabulary.declaration import LABELS, OF_CALLERS

_LATE_COMMITS = timedelta(minutes=1)
"""An event's time is when it was inserted, not when it was committed. Intents wait for nothing in between, and are
looked at long after; this is how far behind we look again all the same."""
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_INTENTS = 10_000
"""Looked at in one turn, which is one transaction."""
_MOST_TURNS = 2
"""In one run of the task; the next goes on behind them."""
_MOST_REQUESTS = 1000
"""Requests whose calls one turn closes."""
_NOT_ASIDE = "NOT EXISTS (SELECT 1 FROM audit_setaside a WHERE a.event_id = {0}.id)"
"""Rows that Harriet did not write neither need an outcome nor are one."""


class OpenCalls:
    """Requests that have more intents than outcomes among the events that were added, in any order. In memory are only
    those whose numbers differ."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def add(self, request_id: str, code: str) -> None:
        if code in (CALL_INTENT, CALL_OUTCOME):
            left = self._open.get(request_id, 0) + (1 if code == CALL_INTENT else -1)
            if left:
                self._open[request_id] = left
            else:
                del self._open[request_id]

    @property
    def requests(self) -> list[UUID]:
        return [UUID(request_id) for request_id, left in self._open.items() if left > 0]


def unfinished_intents(requests: Iterable[UUID]) -> list[UUID]:
    """The intents of these requests that are older than any call may take and have no outcome; of the first thousand
    requests."""
    with connection.cursor() as cursor:
        until = _longest_ago(cursor)
    some = islice(requests, _MOST_REQUESTS)
    return [intent.id for intent in _open_intents(list(some), until)]


def _longest_ago(cursor: CursorWrapper) -> datetime:
    """Calls that began before this have ended, one way or another."""
    cursor.execute("SELECT now() - make_interval(secs => %s)", [settings.MCP_DEADLINE_SECONDS + 60])
    moment: datetime = cursor.fetchone()[0]
    return moment


def close_unfinished_calls() -> int:
    """Writes the outcome `unknown` for each intent that has waited longer than any call may take; returns how many.
    However long nobody looked, each turn looks at so many intents."""
    closed, late = 0, _LATE_COMMITS
    for _ in range(_MOST_TURNS):
        more, is_done = _turn(late)
        closed, late = closed + more, timedelta()
        if is_done:
            break
    return closed


@transaction.atomic
def _turn(late: timedelta) -> tuple[int, bool]:
    """How many it closed, and whether nothing is left to look at."""
    Sweep.objects.get_or_create(id=1, defaults={"swept_until": _BEGINNING})
    sweep = Sweep.objects.select_for_update().get(id=1)  # one worker at a time, or a call is closed twice
    with connection.cursor() as cursor:
        cursor.execute(ALONG_INDEXES)
        last = _longest_ago(cursor)
        since = min(sweep.swept_until, last) - late  # a time that somebody set ahead of the clock hides no call
        until = _reach(cursor, since, last)
        requests = _open_requests(cursor, since, until)
    intents = _open_intents(requests, until)
    insert_each(map(_closed, intents))
    is_whole = len(requests) < _MOST_REQUESTS
    if is_whole:
        Sweep.objects.filter(id=sweep.id).update(swept_until=until)
    return len(intents), is_whole and until == last


def _reach(cursor: CursorWrapper, since: datetime, last: datetime) -> datetime:
    """How far a turn goes: behind so many intents, and behind all that were recorded at once with the last of them."""
    cursor.execute(
        "SELECT recorded_at FROM audit_event WHERE code = %s AND recorded_at >= %s AND recorded_at < %s AND id >= %s"
        " ORDER BY recorded_at OFFSET %s LIMIT 1",
        [CALL_INTENT, since, last, first_id(since - SPREAD), _MOST_INTENTS - 1],
    )
    row = cursor.fetchone()
    return last if row is None else min(row[0] + timedelta(microseconds=1), last)


def _open_requests(cursor: CursorWrapper, since: datetime, until: datetime) -> list[UUID]:
    """Requests with fewer outcomes than intents, of the intents in this time. The oldest first."""
    first, end = first_id(since - SPREAD), first_id(until + SPREAD)
    cursor.execute(
        "SELECT request_id, min(recorded_at) FROM audit_event i"  # noqa: S608 (no input)
        " WHERE code = %s AND recorded_at >= %s AND recorded_at < %s AND id >= %s AND id < %s AND ("
        "   SELECT count(*) FILTER (WHERE code = %s) > count(*) FILTER (WHERE code = %s)"
        f"   FROM audit_event e WHERE e.request_id = i.request_id AND e.id >= %s AND {_NOT_ASIDE.format('e')})"
        f" AND {_NOT_ASIDE.format('i')} GROUP BY 1 ORDER BY 2 LIMIT %s",
        [CALL_INTENT, since, until, first, end, CALL_INTENT, CALL_OUTCOME, first, _MOST_REQUESTS],
    )
    return [request_id for request_id, _ in cursor.fetchall()]


def _open_intents(requests: list[UUID], until: datetime) -> list[Event]:
    """In the order of the requests."""
    events: dict[UUID, list[Event]] = {request_id: [] for request_id in requests}
    rows = Event.objects.filter(request_id__in=requests, code__in=[CALL_INTENT, CALL_OUTCOME])
    for event in rows.order_by("recorded_at", "id"):
        if not event.wrong:
            events[event.request_id].append(event)
    return [intent for of_request in events.values() for intent in _without_outcome(of_request, until)]


def _without_outcome(events: list[Event], until: datetime) -> list[Event]:
    outcomes = [event for event in events if event.code == CALL_OUTCOME]
    named = {_body(outcome).get("details", {}).get("intent") for outcome in outcomes}
    unnamed = sum(1 for outcome in outcomes if not _body(outcome).get("details", {}).get("intent"))
    intents = [event for event in events if event.code == CALL_INTENT]
    open_intents = [intent for intent in intents if str(intent.id) not in named]
    return [intent for intent in open_intents[unnamed:] if intent.recorded_at < until]


def _closed(intent: Event) -> NewEvent:
    body = _body(intent)
    labels: dict[str, Any] = {name: _label(body[name]) for name in LABELS if name in body}
    caller = {name: body.get(name, "") for name in OF_CALLERS}
    return Frame(organization_id=intent.organization_id, actor=SYSTEM, **labels, **caller).event(
        CALL_OUTCOME,
        {"intent": intent.id},
        outcome="unknown",
        reason="Harriet stopped before it could write down the answer. The call may have been carried out.",
        request_id=intent.request_id,
    )


def _label(value: dict[str, str]) -> Label:
    return Label(UUID(value["id"]), value["label"])


def _body(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(event.body)
    return body
