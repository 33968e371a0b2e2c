"""The database breaks all connections, as it does when it starts anew: what has changed meanwhile is read at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from harriet.gateway.policy.snapshots import Snapshots
from harriet.gateway.processes.background import Background
from harriet.gateway.processes.notifications import DatabaseListener
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 18
"""Connections that lie in the pool. Found dead one after the other they cost 0, 1, 2, 4, 8 … seconds; two organizations
are loaded at once, so each would find nine."""
BOUND = 20.0
"""Seconds, for a machine that is slow. Without the pool being renewed it takes thirty."""


def fill_pool() -> None:
    """As many threads of a web process had a connection at one time."""
    all_have_one = threading.Barrier(AT_ONCE)

    def use() -> None:
        connection.ensure_connection()
        all_have_one.wait(60)
        connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        for used in [threads.submit(use) for _ in range(AT_ONCE)]:
            used.result()


def break_connections() -> None:
    with psycopg.connect(settings.DATABASE_URL) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


def test_organizations_are_loaded_though_every_connection_of_the_pool_is_dead(cast: Cast) -> None:
    fill_pool()
    connection.close()
    break_connections()

    async def story() -> set[str]:
        background = Background()
        snapshots = Snapshots(background, lambda slug: None)
        listener = DatabaseListener(snapshots.looked, lambda notify: None, lambda: None, snapshots.wanted)
        listener.start()
        snapshots.begin()
        await snapshots.wait_until_loaded(BOUND)
        await listener.stop()
        await background.stop()
        return set(snapshots.by_slug)

    assert asyncio.run(story()) == {"acme", "globex"}
