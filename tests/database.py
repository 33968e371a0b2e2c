"""One migrated template database; each worker's database is a copy of it, made again after each transactional test.

Copying replaces Django's flush: the audit tables refuse TRUNCATE, as they should.
"""

import fcntl
import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import DatabaseError, connections
from psycopg import sql

from harriet.start.migrating import migrate

TEMPLATE = "harriet_template"


def database_name() -> str:
    return f"harriet_{os.environ.get('PYTEST_XDIST_WORKER', 'tests')}"


def url_of(database: str, variable: str = "DATABASE_OWNER_URL") -> str:
    return urlsplit(os.environ[variable])._replace(path=f"/{database}").geturl()


def ensure_template(session: Path) -> None:
    """Migrate once per session, whoever comes first."""
    with (session / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = session / "template.done"
        if done.exists():
            return
        _execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(TEMPLATE)))
        _execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        use_database(TEMPLATE)
        migrate()
        _grant_runtime_role()
        close_connections()
        done.touch()


def _grant_runtime_role() -> None:
    from harriet.start.postgres import RUNTIME
    from harriet.start.prepare import grant_rights

    grant_rights(RUNTIME)


def use_database(name: str) -> None:
    """Point Django's connections of this process at the database."""
    close_connections()
    connections.settings["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name


def close_connections() -> None:
    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


def copy_template() -> None:
    """Make this worker's database anew. Ends every session in it: a leftover thread must not keep it alive."""
    close_connections()
    name = sql.Identifier(database_name())
    _execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    _execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(TEMPLATE)))


def _execute(statement: sql.Composed) -> None:
    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(statement)


def lacks_outcomes() -> bool:
    """Whether a call has begun of which nothing says how it ended."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE code = 'call.intent') > count(*) FILTER (WHERE code = 'call.outcome')"
                " FROM audit_event"
            )
            return bool(cursor.fetchone()[0])
    except DatabaseError:
        return False
