"""What something asks of the database: how many statements, and how many rows PostgreSQL reads for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

_NOT_ASKED = ("SAVEPOINT", "RELEASE", "ROLLBACK TO", "SET TRANSACTION")
_FLUSH = "SELECT pg_stat_force_next_flush()"
_READ = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_user_tables"


@dataclass
class Asked:
    queries: int = 0
    rows: int = 0
    """Read from tables: also those that a condition then leaves out."""


@contextmanager
def asked() -> Iterator[Asked]:
    """Of this connection, outside of a transaction."""
    found = Asked()

    def count(execute: Any, sql: Any, *rest: Any) -> Any:
        found.queries += not str(sql).startswith(_NOT_ASKED)
        return execute(sql, *rest)

    before = _rows_read()
    with connection.execute_wrapper(count):
        yield found
    found.rows = _rows_read() - before


def _rows_read() -> int:
    """What is counted reaches the others' sight when a connection rests; here it is made to, at once."""
    with connection.cursor() as cursor:
        cursor.execute(_FLUSH)
        cursor.execute(_READ)
        return int(cursor.fetchone()[0])
