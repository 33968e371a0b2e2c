"""Add to what was counted against limits today. Called by the gateway in batches; no call waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection


class Counted(NamedTuple):
    """A row of LimitCount but for its numbers."""

    limit_id: UUID
    subject_id: UUID
    day: date


class More(NamedTuple):
    """What is added to a row."""

    calls: int
    turned_away: int
    turned_away_at: datetime | None


def note_limit_counts(counted: Mapping[Counted, More]) -> dict[Counted, int]:
    """Returns how many calls were counted there by now, by all processes. What counts for a limit that is gone is
    dropped. In one order, so that two processes never wait for each other's rows."""
    if not counted:
        return {}
    rows = sorted(counted.items())
    columns = [list(column) for column in zip(*((*place, *more) for place, more in rows), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO connectors_limitcount (limit_id, subject_id, day, calls, turned_away, turned_away_at)"
            " SELECT t.limit_id, t.subject_id, t.day, t.calls, t.turned_away, t.turned_away_at"
            " FROM unnest(%s::uuid[], %s::uuid[], %s::date[], %s::bigint[], %s::bigint[], %s::timestamptz[])"
            " AS t (limit_id, subject_id, day, calls, turned_away, turned_away_at)"
            " JOIN connectors_calllimit l ON l.id = t.limit_id"
            " ORDER BY t.limit_id, t.subject_id, t.day"
            " ON CONFLICT (limit_id, subject_id, day) DO UPDATE SET"
            " calls = connectors_limitcount.calls + excluded.calls,"
            " turned_away = connectors_limitcount.turned_away + excluded.turned_away,"
            " turned_away_at = GREATEST(connectors_limitcount.turned_away_at, excluded.turned_away_at)"
            " RETURNING limit_id, subject_id, day, calls",
            columns,
        )
        return {Counted(*place): calls for *place, calls in cursor.fetchall()}
