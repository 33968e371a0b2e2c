"""Whether rows are the same as before, told by the database without sending them."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import QuerySet

_FINGERPRINT = (
    "SELECT sha256(convert_to(coalesce(string_agg(line, ',' ORDER BY line COLLATE \"C\"), ''), 'UTF8'))"
    " FROM (SELECT found::text AS line FROM ({}) AS found) AS lines"
)


def fingerprint(rows: QuerySet[Any, Any]) -> bytes:
    """SHA-256 of all values of a `values_list`, in no particular order. PostgreSQL writes a row as text in one way
    only, so other values give another fingerprint. Reading the rows into Python costs twenty times as much."""
    sql, params = rows.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_FINGERPRINT.format(sql), params)
        return bytes(cursor.fetchone()[0])
