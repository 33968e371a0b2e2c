"""Deletes what every process has reread by now from the log of changes."""

from __future__ import annotations

from django.db import connection, transaction

KEPT_FOR = "1 hour"
"""Whoever has looked at an organization longer ago reads all of it anew when it changes."""
MOST = 20_000
"""Rows of one transaction."""

_FORGET = """
WITH oldest AS (
    SELECT id FROM people_change WHERE at < now() - %s::interval ORDER BY at LIMIT %s
), gone AS (
    DELETE FROM people_change USING oldest WHERE people_change.id = oldest.id
    RETURNING organization_id, transaction
), told AS (
    INSERT INTO people_forgottenchanges (organization_id, transaction)
    SELECT organization_id, max(transaction) FROM gone GROUP BY organization_id
    ON CONFLICT (organization_id) DO UPDATE
    SET transaction = greatest(people_forgottenchanges.transaction, excluded.transaction)
)
SELECT count(*) FROM gone
"""


def forget_changes() -> int:
    """Returns how many. That they are gone is known as soon as they are: both happen in one transaction."""
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FORGET, [KEPT_FOR, MOST])
            gone = int(cursor.fetchone()[0])
        total += gone
        if gone < MOST:
            return total
