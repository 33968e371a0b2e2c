"""What changed since a moment: reads of the log that triggers write (`harriet.people.models.Change`).

A moment is PostgreSQL's own word for which transactions had ended (`pg_current_snapshot`), so nothing is missed that
was committed late, and no clock is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from harriet.people.models import Change

MOST = 5_000
"""Rows that are read one by one; of more, everything is read anew, which costs less then."""

Changes = Mapping[str, set[UUID]]
"""By `Change.What`: the ids of rows, those of the organization itself for what it has one of. Empty for nothing."""

_FORGOTTEN = """
SELECT 1 FROM people_forgottenchanges
WHERE organization_id = %(organization)s
  AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(since)s::pg_snapshot)
  AND transaction < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
"""A number that this server has not come to yet is another server's, from which the database was copied."""
_CHANGES = """
SELECT DISTINCT what, row_id FROM people_change
WHERE organization_id = %(organization)s
  AND transaction >= pg_snapshot_xmin(%(since)s::pg_snapshot)::text::bigint
  AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(since)s::pg_snapshot)
LIMIT %(most)s
"""


class Moment(NamedTuple):
    """What a transaction saw."""

    server: str
    """Since when that PostgreSQL runs: another one, such as a copy that took over, may lack the last transactions and
    give their numbers to others."""
    ended: str
    """The transactions that had ended, as `pg_current_snapshot` writes them."""


def moment() -> Moment:
    """Of the current transaction; in one that is REPEATABLE READ, what all its queries see."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()::text, pg_current_snapshot()::text")
        return Moment(*cursor.fetchone())


def changes_since(organization_id: UUID, since: Moment, now: Moment) -> Changes | None:
    """Two queries. None when more has changed than is worth telling apart, or is known any more."""
    if now.server != since.server:
        return None
    values: dict[str, UUID | str | int] = {"organization": organization_id, "since": since.ended, "most": MOST + 1}
    with connection.cursor() as cursor:
        cursor.execute(_FORGOTTEN, values)
        if cursor.fetchone() is not None:
            return None
        cursor.execute(_CHANGES, values)
        rows = cursor.fetchall()
    if len(rows) > MOST:
        return None
    found: defaultdict[str, set[UUID]] = defaultdict(set)
    for what, row_id in rows:
        found[Change.What(what)].add(row_id)
    return found
