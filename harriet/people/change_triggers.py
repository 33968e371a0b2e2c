"""Triggers that write the log of changes, for migrations: what is made here stays as it is, for those that ran."""

from __future__ import annotations

from collections.abc import Collection

from django.db import migrations

_FUNCTION = """
CREATE FUNCTION {table}_log_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO people_change (organization_id, what, row_id, transaction)
        SELECT found.*, pg_current_xact_id()::text::bigint FROM ({new}) AS found;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO people_change (organization_id, what, row_id, transaction)
        SELECT found.*, pg_current_xact_id()::text::bigint FROM ({old}) AS found;
    ELSE
        INSERT INTO people_change (organization_id, what, row_id, transaction)
        SELECT found.*, pg_current_xact_id()::text::bigint FROM ({new} UNION {old}) AS found;
    END IF;
    RETURN NULL;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {table}_log_change() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER {table}_is_other AFTER {others} ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_log_change()
"""
_CHANGED = """;
CREATE TRIGGER {table}_has_changed AFTER UPDATE ON {table} FOR EACH ROW
    WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION {table}_log_change()
"""
_UNDO = "DROP FUNCTION {table}_log_change() CASCADE"


def logs_changes(
    table: str, found: str, columns: Collection[str] = (), *, is_told_when_made: bool = True
) -> migrations.RunSQL:
    """Has changes of a table logged. `found` is a SELECT of organization, what and row id, in which `{row}` stands for
    a row of the table as it was or is. Of updates, those of the columns count. Not told when made: rows that nobody can
    have in memory yet."""
    others = "INSERT OR DELETE" if is_told_when_made else "DELETE"
    sql = _FUNCTION.format(table=table, others=others, new=found.format(row="NEW"), old=found.format(row="OLD"))
    if columns:
        old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
        sql += _CHANGED.format(table=table, old=old, new=new)
    return migrations.RunSQL(sql, _UNDO.format(table=table))
