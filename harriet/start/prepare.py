"""What must be true before Harriet serves: schema, rights of the runtime role, static files, keys that fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.db import connection

from audit.actor import SYSTEM
from audit.database.roles import grant_runtime_role
from harriet.lib.env import database_from_url
from harriet.people.actions.make_setup_link import make_setup_link
from harriet.people.queries import has_owner
from harriet.start.migrating import migrate
from harriet.start.static import collect_static
from vault.actions.check_root_key import check_root_key

MIGRATION_LOCK = 0x48617272696574  # "Harriet"


def prepare() -> str:
    """Make the installation ready; returns the one-time set-up link when there is no owner yet, else nothing."""
    become_owner()
    with migration_lock():
        migrate()
        grant_rights(unquote(urlsplit(settings.DATABASE_URL).username or ""))
    check_root_key()
    collect_static()
    return _setup_link()


def become_owner() -> None:
    """From here on, this process talks to the database as the owner of the tables."""
    owner = settings.DATABASE_OWNER_URL or settings.DATABASE_URL
    connection.settings_dict.update(database_from_url(owner))


@contextmanager
def migration_lock() -> Iterator[None]:
    """Of several machines that start at once, one migrates and the others wait."""
    with psycopg.connect(settings.DATABASE_OWNER_URL or settings.DATABASE_URL, autocommit=True) as held:
        held.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        yield


def grant_rights(role: str) -> None:
    """Give the role that Harriet runs as its rights: all rows, but what the audit holds it can't change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone() != (role,):  # one role for both is allowed, though less safe: docs/production.md
            grant_runtime_role(cursor, role)


def _setup_link() -> str:
    if has_owner():
        return ""
    return f"{settings.BASE_URL}/setup/{make_setup_link(actor=SYSTEM).reveal()}/"
