"""Which ids events of a time have. They lie in a table for each month by their ids, so whoever says in between which
ids they look has the database open some months, not all that there ever were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from harriet.lib.microseconds import microseconds_of

SPREAD = timedelta(days=31)
"""An event is recorded at most so long before or after its id was made. A row whose id says something else Harriet did
not write: it is set aside, told of and found by verification, but stands on no page."""

AMONG = "id BETWEEN %s AND %s AND id = ANY((SELECT %s::text)::uuid[])"
"""For many ids. In a list the planner would look up the month of each; as the result of a query it can't."""


def first_id(moment: datetime) -> UUID:
    """The least that is made in its millisecond (UUIDv7, RFC 9562 §5.7)."""
    return UUID(int=max(microseconds_of(moment) // 1000, 0) << 80)


def ids_between(since: datetime | None, until: datetime | None) -> dict[str, UUID]:
    """Lookups for events that were recorded in this time; None is no bound."""
    bounds = {"id__gte": shifted(since, -SPREAD), "id__lt": shifted(until, SPREAD)}
    return {lookup: first_id(moment) for lookup, moment in bounds.items() if moment is not None}


def shifted(moment: datetime | None, by: timedelta) -> datetime | None:
    """None beyond the years that there are."""
    try:
        return moment + by if moment is not None else None
    except OverflowError:
        return None


ALONG_INDEXES = "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
"""The planner doesn't know that ids grow with time: it would gather all ids of some months and what else is asked for,
and sort what is in both. An index in the order of time has it all."""
_AS_BEFORE = "SET LOCAL enable_bitmapscan = on; SET LOCAL enable_sort = on"


def along_indexes(cursor: CursorWrapper, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What the query finds. One message to the database, which makes one transaction of it."""
    cursor.execute(f"{ALONG_INDEXES}; {query}; {_AS_BEFORE}", values)
    while not cursor.description:
        cursor.nextset()
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def among(ids: Sequence[str]) -> list[str]:
    """Values for AMONG."""
    return [min(ids), max(ids), "{" + ",".join(ids) + "}"]  # psycopg would look at each for characters to quote
