"""What the runtime role may do, and the warnings when the running role may do more. docs/audit.md explains both."""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

APPEND_ONLY = ("audit_event", "audit_seal", "audit_checkpoint")
_QUEUE = ("audit_unsealed",)
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
        (_QUEUE, "INSERT, UPDATE"),
        (_READ_ONLY, "INSERT, UPDATE, DELETE"),
    ):
        names = sql.SQL(", ").join(sql.Identifier(table) for table in tables)
        cursor.execute(sql.SQL("REVOKE {} ON {} FROM {}").format(sql.SQL(rights), names, who))


def protection_gaps() -> list[str]:
    """Why the running role could change what has been recorded, each a sentence. Empty when it can't."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, current_user FROM pg_roles WHERE rolname = current_user")
        is_superuser, role = cursor.fetchone()
        owned = _owned_tables(cursor)
        missing = _missing_triggers(cursor)
    gaps = []
    if is_superuser:
        gaps.append(f"Harriet runs as the database superuser {role}, who can switch the audit triggers off.")
    elif owned:
        gaps.append(f"The role {role} owns {', '.join(owned)} and can switch the audit triggers off.")
    if missing:
        gaps.append(f"These triggers are missing or not ENABLE ALWAYS: {', '.join(missing)}. Run: manage.py migrate")
    return gaps


def _owned_tables(cursor: CursorWrapper) -> list[str]:
    cursor.execute(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace"
        " AND c.relname = ANY(%s) AND pg_has_role(current_user, c.relowner, 'MEMBER') ORDER BY 1",
        [list(APPEND_ONLY)],
    )
    return [row[0] for row in cursor.fetchall()]


def _missing_triggers(cursor: CursorWrapper) -> list[str]:
    expected = {f"{table}_{kind}" for table in APPEND_ONLY for kind in ("append_only", "no_truncate")}
    expected.add("audit_event_queue")
    cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND tgname = ANY(%s)", [list(expected)])
    return sorted(expected - {row[0] for row in cursor.fetchall()})
