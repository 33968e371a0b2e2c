"""The gateway's own ways to the database: a thread for the ORM, and an async connection for listening."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import connection
from psycopg.conninfo import make_conninfo

P = ParamSpec("P")
T = TypeVar("T")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs a function that uses the ORM in a thread, and gives its connection back afterwards. Never per call."""

    def and_give_back() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(and_give_back)


def renew_connections() -> None:
    """Closes what the pool has at hand, and opens it anew in threads of its own. After the database was away all of it
    may be dead, and whoever finds one dead connection after the other waits twice as long each time (psycopg_pool):
    half a minute for six. Returns at once."""
    pool = connection.pool  # type: ignore[attr-defined]
    if pool is not None:
        pool.drain()


def conninfo(**more: Any) -> str:
    """Where Django's database is, for connections of our own."""
    known = connection.settings_dict
    return make_conninfo(
        host=known["HOST"] or None,
        port=known["PORT"] or None,
        user=known["USER"] or None,
        password=known["PASSWORD"] or None,
        dbname=known["NAME"],
        application_name="harriet gateway",
        connect_timeout=5,
        **more,
    )
