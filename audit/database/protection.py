"""Whether the database still keeps the log from being changed: triggers, their functions, rules, rights."""

from __future__ import annotations

from hashlib import sha256

from django.db import connection
from django.db.backends.utils import CursorWrapper

from audit.database.tables import APPEND_ONLY, MARKS, QUEUE, months

TRIGGERS: dict[str, tuple[str, str]] = {
    **{f"{table}_append_only": (table, "audit_refuse_change") for table in APPEND_ONLY},
    **{f"{table}_no_truncate": (table, "audit_refuse_change") for table in (*APPEND_ONLY, *MARKS)},
    **{f"{table}_no_delete": (table, "audit_refuse_change") for table in MARKS},
    "audit_event_queue": ("audit_event", "audit_queue_for_sealing"),
}
"""By name: on which table, and which function it calls."""
_OF_MONTHS = ("audit_event_append_only", "audit_event_no_truncate")
"""What each month has as well: whoever names it doesn't come by the table of all."""
_FUNCTIONS = {
    "audit_first_id": "869c63e504bbc6ab89f9cc6b9e86031fabbe9109da543e0b72b6869e913397b7",
    "audit_make_months": "c12af65933564371b09cc5c00b86c13e512ba2e2c9b19bb67ef6f0f140d7e236",
    "audit_refuse_change": "0d8bca3d34699947ed895c87b6c921dd2f9753b3eceb7cf0097a985a30fec01d",
    "audit_queue_for_sealing": "6545966d4003be97950632cb5a2770ce5ef059b308d9d0ceeff6691c060f2482",
}
"""SHA-256 of what they do."""
_TABLES = (*APPEND_ONLY, *MARKS, *QUEUE)
_FORBIDDEN = {
    **dict.fromkeys(APPEND_ONLY, ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")),
    **dict.fromkeys(MARKS, ("DELETE", "TRUNCATE", "TRIGGER")),
    **dict.fromkeys(QUEUE, ("INSERT", "UPDATE", "TRUNCATE", "TRIGGER")),
}
_FORBIDDEN_IN_MONTHS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
"""An event goes by the table of all, where it is queued for its seal."""
_MEND = "Run manage.py prepare, and find out who changed that."


def database_faults() -> list[str]:
    """Each a sentence; empty when everything is as `manage.py prepare` left it."""
    with connection.cursor() as cursor:
        return [*_triggers(cursor), *_functions(cursor), *_detours(cursor), *_rights(cursor)]


def missing_triggers(cursor: CursorWrapper) -> list[str]:
    """Not there, switched off, or not ENABLE ALWAYS."""
    cursor.execute(
        "SELECT t.tgname, c.relname, p.proname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace"
        " AND t.tgqual IS NULL AND t.tgname = ANY(%s)",
        [list(TRIGGERS)],
    )
    held = set(cursor.fetchall())
    needed = {(name, table, function) for name, (table, function) in TRIGGERS.items()}
    needed |= {(name, month, TRIGGERS[name][1]) for name in _OF_MONTHS for month in months(cursor)}
    missing = sorted(needed - held)
    return [name if table == TRIGGERS[name][0] else f"{name} on {table}" for name, table, _ in missing]


def _triggers(cursor: CursorWrapper) -> list[str]:
    if missing := missing_triggers(cursor):
        names = ", ".join(missing)
        return [f"The log can be changed: these triggers are missing or switched off: {names}. {_MEND}"]
    return []


def _functions(cursor: CursorWrapper) -> list[str]:
    cursor.execute(
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proname = ANY(%s)",
        [list(_FUNCTIONS)],
    )
    held = {name: sha256(source.encode()).hexdigest() for name, source in cursor.fetchall()}
    changed = sorted(name for name, digest in _FUNCTIONS.items() if held.get(name) != digest)
    if changed:
        return [f"The log can be changed: the function(s) {', '.join(changed)} are not Harriet's. {_MEND}"]
    return []


def _detours(cursor: CursorWrapper) -> list[str]:
    """A rule turns an INSERT into nothing; row security hides rows; another trigger may drop them; a month
    may be no table at all."""
    of_months = months(cursor)
    cursor.execute(
        "SELECT c.relname, r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%(tables)s) UNION ALL"
        " SELECT relname, 'row security' FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relname = ANY(%(tables)s) AND relrowsecurity UNION ALL"
        " SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%(tables)s)"
        " AND NOT t.tgisinternal AND NOT t.tgname = ANY(%(triggers)s) UNION ALL"
        " SELECT relname, 'events that lie elsewhere' FROM pg_class WHERE relname = ANY(%(months)s)"
        " AND relnamespace = current_schema()::regnamespace AND relkind <> 'r' ORDER BY 1, 2",
        {"tables": [*_TABLES, *of_months], "triggers": list(TRIGGERS), "months": of_months},
    )
    return [f"Something that isn't Harriet's is at {table}: {name}. {_MEND}" for table, name in cursor.fetchall()]


def _rights(cursor: CursorWrapper) -> list[str]:
    """Whoever isn't the owner may add, and no more."""
    forbidden = _FORBIDDEN | dict.fromkeys(months(cursor), _FORBIDDEN_IN_MONTHS)
    cursor.execute(
        "SELECT c.relname, COALESCE(g.rolname, 'everybody'), a.privilege_type FROM pg_class c,"
        " aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)"
        " AND a.grantee <> c.relowner UNION"
        " SELECT c.relname, COALESCE(g.rolname, 'everybody'), a.privilege_type FROM pg_attribute t"
        " JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)"
        " AND a.grantee <> c.relowner ORDER BY 1, 2, 3",
        [list(forbidden), list(forbidden)],
    )
    return [
        f"The database role {role} may {privilege} {table}, which nobody but the owner should. {_MEND}"
        for table, role, privilege in cursor.fetchall()
        if privilege in forbidden[table]
    ]
