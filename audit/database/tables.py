"""The tables of the log, by what may be done to them."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper

APPEND_ONLY = ("audit_event", "audit_seal", "audit_checkpoint", "audit_setaside")
MARKS = ("audit_mark",)
QUEUE = ("audit_unsealed",)


def months(cursor: CursorWrapper) -> list[str]:
    """The tables in which the events lie: one for each month, one for all before, and one for ids of no month."""
    cursor.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'audit_event'::regclass ORDER BY 1"
    )
    return [table for (table,) in cursor.fetchall()]
