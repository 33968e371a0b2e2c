"""Waiting for what another process, or another thread, does."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def wait_for_room_in(seconds: int, wanted: float = 20) -> None:
    """What is counted within one minute, hour or day (UTC) begins where so many seconds of it are left, at least."""
    wait_for(lambda: seconds - time.time() % seconds > wanted, wanted + 60)


def wait_for_a_lock() -> None:
    """Until somebody waits for a row that another transaction holds."""
    wait_for(_somebody_waits)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # it would not change inside our transaction
        cursor.execute(_WAITING)
        found: int = cursor.fetchone()[0]
    return found > 0
