"""What the runtime role may do, and the warnings when the running role is more than that. docs/audit.md explains."""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from audit.database.protection import database_faults
from audit.database.tables import APPEND_ONLY, MARKS, QUEUE, months
from audit.event_body import NewEvent

_READ_ONLY = ("django_migrations",)


def grant_runtime_role(cursor: CursorWrapper, role: str) -> None:
    """Gives `role` all that a running Harriet needs and nothing more. Run by the owner after every migration.

    The role must exist and should have nothing but LOGIN: no SUPERUSER, no membership in the owner's role.
    """
    cursor.execute("SELECT current_schema()")
    schema = sql.Identifier(cursor.fetchone()[0])
    who = sql.Identifier(role)
    for statement in (
        "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {who}",
        "GRANT USAGE ON SCHEMA {schema} TO {who}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {who}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {who}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {who}",
    ):
        cursor.execute(sql.SQL(statement).format(schema=schema, who=who))
    for tables, rights in (
        (APPEND_ONLY, "UPDATE, DELETE"),
        (MARKS, "DELETE"),
        (QUEUE, "INSERT, UPDATE"),
        (("audit_event",), "INSERT"),
        (_READ_ONLY, "INSERT, UPDATE, DELETE"),
        (months(cursor), "ALL"),
    ):
        names = sql.SQL(", ").join(sql.Identifier(table) for table in tables)
        cursor.execute(sql.SQL("REVOKE {} ON {} FROM {}").format(sql.SQL(rights), names, who))
    # Without recorded_at: when an event was recorded is the database's to say.
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in NewEvent._fields)
    cursor.execute(sql.SQL("GRANT INSERT ({}) ON audit_event TO {}").format(columns, who))


def protection_gaps() -> list[str]:
    """Why what has been recorded could be changed, each a sentence. Empty when it can't."""
    return [*running_role_gaps(), *database_faults()]


def running_role_gaps() -> list[str]:
    """Why the running role could change what has been recorded: a matter of how Harriet was set up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, current_user FROM pg_roles WHERE rolname = current_user")
        is_superuser, role = cursor.fetchone()
        owned = _owned_tables(cursor)
    gaps = []
    if is_superuser:
        gaps.append(f"Harriet runs as the database superuser {role}, who can switch the audit triggers off.")
    elif owned:
        gaps.append(f"The role {role} owns {', '.join(owned)} and can switch the audit triggers off.")
    return gaps


def _owned_tables(cursor: CursorWrapper) -> list[str]:
    cursor.execute(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace"
        " AND c.relname = ANY(%s) AND pg_has_role(current_user, c.relowner, 'MEMBER') ORDER BY 1",
        [[*APPEND_ONLY, *MARKS]],
    )
    return [table for (table,) in cursor.fetchall()]
