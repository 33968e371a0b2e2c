"""Who uses the processor while calls run, and what PostgreSQL waits for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from typing import Self

import psutil
import psycopg

_WAITS = """SELECT application_name = 'harriet audit writer', wait_event_type || ': ' || wait_event
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()"""
_UNGRANTED = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_POSITION = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
_EVENTS = "SELECT count(*) FROM audit_event"
_WAITING = "SELECT count(*) FROM audit_unsealed"
_BYTES = """SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
WHERE relkind IN ('r', 'p') AND relname LIKE 'audit\\_event%'"""


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def cpu_of(roots: list[psutil.Process]) -> float:
    """Seconds of these processes and their children, with those that have ended and were waited for."""
    total = 0.0
    for process in (one for root in roots for one in family(root)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


def wait_until_sealed(conninfo: str, seconds: float = 60) -> None:
    """The first sealing shows that the background processes have come up. Raises TimeoutError."""
    end = time.monotonic() + seconds
    with psycopg.connect(conninfo, autocommit=True) as connection:
        while (row := connection.execute(_WAITING).fetchone()) and row[0]:
            if time.monotonic() > end:
                raise TimeoutError(f"{row[0]} events were not sealed in {seconds:.0f} s.")
            time.sleep(0.2)


class Watched:
    """The database while something runs: bytes of its log, what statements wait for, and locks that somebody waits
    for."""

    def __init__(self, conninfo: str, *, every: float = 0.02) -> None:
        self._conninfo, self._every = conninfo, every
        self._stop = threading.Event()
        self.writers: Counter[str] = Counter()
        self.others: Counter[str] = Counter()
        self.samples = self.lock_waits = self.wal_bytes = self.events = self.event_bytes = self.unsealed = 0

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._conninfo, autocommit=True)
        self._before = self._number(_POSITION)
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.wal_bytes = self._number(_POSITION) - self._before
        self.events, self.event_bytes = self._number(_EVENTS), self._number(_BYTES)
        self.unsealed = self._number(_WAITING)
        self._connection.close()

    def _number(self, query: str) -> int:
        row = self._connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0

    def _look(self) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            while not self._stop.wait(self._every):
                self.samples += 1
                for is_writer, wait in connection.execute(_WAITS):
                    (self.writers if is_writer else self.others)[wait or "working"] += 1
                row = connection.execute(_UNGRANTED).fetchone()
                self.lock_waits += bool(row and row[0])


def shares(waits: Counter[str]) -> str:
    total = sum(waits.values()) or 1
    return ", ".join(f"{name} {number * 100 // total} %" for name, number in waits.most_common(5)) or "never active"
