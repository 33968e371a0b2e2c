"""The organizations that have rows in a table of the log, however many rows that is."""

from __future__ import annotations

from uuid import UUID

from django.db.backends.utils import CursorWrapper


def organizations_in(cursor: CursorWrapper, table: str, most: int | None = None) -> list[UUID]:
    """In their order. Jumps from one to the next in an index that begins with the organization."""
    cursor.execute(
        f"WITH RECURSIVE found AS ("  # noqa: S608 (no input)
        f" (SELECT organization_id FROM {table} ORDER BY organization_id LIMIT 1) UNION ALL"
        f" SELECT (SELECT t.organization_id FROM {table} t WHERE t.organization_id > found.organization_id"
        " ORDER BY t.organization_id LIMIT 1) FROM found WHERE found.organization_id IS NOT NULL)"
        " SELECT organization_id FROM found WHERE organization_id IS NOT NULL LIMIT %s",
        [most],
    )
    return [organization_id for (organization_id,) in cursor.fetchall()]
