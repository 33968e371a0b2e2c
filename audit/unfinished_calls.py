"""Calls whose outcome nobody wrote, because the process ended: closed as `unknown`, exactly once.

An outcome belongs to the intent that its details name (`intent`), else to the oldest intent of the same request.
Intents are looked for, not requests: a call that was held has its intent long after the request came.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from audit.actor import SYSTEM, Label
from audit.event_body import Frame
from audit.events import CALL_INTENT, CALL_OUTCOME
from audit.models import Event, Sweep
from audit.record import insert
from audit.vocabulary.declaration import LABELS, OF_CALLERS

_LATE_COMMITS = timedelta(minutes=5)
"""An event's time is when it was inserted, not when it was committed. Intents wait for nothing in between; this is how
far behind we look again all the same."""
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_REQUESTS = 1000
"""Requests that one turn looks at; the next goes on behind them."""
_NOT_ASIDE = "NOT EXISTS (SELECT 1 FROM audit_setaside a WHERE a.event_id = {0}.id)"
"""Rows that Harriet did not write neither need an outcome nor are one."""


def unfinished_intents(organization_id: UUID) -> list[UUID]:
    """The intents of the organization that are older than any call may take and have no outcome."""
    with connection.cursor() as cursor:
        until = _longest_ago(cursor)
        requests = _open_requests(cursor, _BEGINNING, until, organization_id)
    return [intent.id for request_id in requests for intent in _open_intents(request_id, until)]


def _longest_ago(cursor: CursorWrapper) -> datetime:
    """Calls that began before this have ended, one way or another."""
    cursor.execute("SELECT now() - make_interval(secs => %s)", [settings.MCP_DEADLINE_SECONDS + 60])
    moment: datetime = cursor.fetchone()[0]
    return moment


@transaction.atomic
def close_unfinished_calls() -> int:
    """Writes the outcome `unknown` for each intent that has waited longer than any call may take."""
    Sweep.objects.get_or_create(id=1, defaults={"swept_until": _BEGINNING})
    sweep = Sweep.objects.select_for_update().get(id=1)  # one worker at a time, or a call is closed twice
    with connection.cursor() as cursor:
        until = _longest_ago(cursor)
        # A time that somebody set ahead of the clock hides no call.
        requests = _open_requests(cursor, min(sweep.swept_until, until) - _LATE_COMMITS, until)
    intents = [intent for request_id in requests for intent in _open_intents(request_id, until)]
    for intent in intents:
        _close(intent)
    if len(requests) < _MOST_REQUESTS:
        Sweep.objects.filter(id=sweep.id).update(swept_until=until)
    return len(intents)


def _open_requests(
    cursor: CursorWrapper, since: datetime, until: datetime, organization_id: UUID | None = None
) -> list[UUID]:
    """Requests with fewer outcomes than intents, of the intents in this time. The oldest first."""
    cursor.execute(
        "SELECT request_id, min(recorded_at) FROM audit_event i"  # noqa: S608 (no input)
        " WHERE code = %s AND recorded_at >= %s AND recorded_at < %s"
        " AND (%s::uuid IS NULL OR organization_id = %s) AND ("
        "   SELECT count(*) FILTER (WHERE code = %s) > count(*) FILTER (WHERE code = %s)"
        f"   FROM audit_event e WHERE e.request_id = i.request_id AND {_NOT_ASIDE.format('e')})"
        f" AND {_NOT_ASIDE.format('i')} GROUP BY 1 ORDER BY 2 LIMIT %s",
        [CALL_INTENT, since, until, organization_id, organization_id, CALL_INTENT, CALL_OUTCOME, _MOST_REQUESTS],
    )
    return [request_id for request_id, _ in cursor.fetchall()]


def _open_intents(request_id: UUID, until: datetime) -> list[Event]:
    rows = Event.objects.filter(request_id=request_id, code__in=[CALL_INTENT, CALL_OUTCOME])
    events = [event for event in rows.order_by("recorded_at", "id") if not event.wrong]
    outcomes = [event for event in events if event.code == CALL_OUTCOME]
    named = {_body(outcome).get("details", {}).get("intent") for outcome in outcomes}
    unnamed = sum(1 for outcome in outcomes if not _body(outcome).get("details", {}).get("intent"))
    intents = [event for event in events if event.code == CALL_INTENT]
    open_intents = [intent for intent in intents if str(intent.id) not in named]
    return [intent for intent in open_intents[unnamed:] if intent.recorded_at < until]


def _close(intent: Event) -> None:
    body = _body(intent)
    labels: dict[str, Any] = {name: _label(body[name]) for name in LABELS if name in body}
    caller = {name: body.get(name, "") for name in OF_CALLERS}
    frame = Frame(organization_id=intent.organization_id, actor=SYSTEM, **labels, **caller)
    insert(
        frame.event(
            CALL_OUTCOME,
            {"intent": intent.id},
            outcome="unknown",
            reason="Harriet stopped before it could write down the answer. The call may have been carried out.",
            request_id=intent.request_id,
        )
    )


def _label(value: dict[str, str]) -> Label:
    return Label(UUID(value["id"]), value["label"])


def _body(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(event.body)
    return body
