"""One tick of each task that beat starts, in a very large company: queries, time in the database and in all."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from harriet.celery import app
from harriet.lib.errors import Problem
from tests.bench.large_table import Row, shown

PATIENCE = 300
"""Seconds for one tick."""
MOST_DATABASE_MS, MOST_QUERIES = 1000, 200
PREVIOUS = {
    "audit.close_unfinished_calls": "30 s, the first sweep of 8 million events",
    "audit.verify_chains": "2.8 s to list the organizations with a chain",
    "connectors.check_health": "22 s, 4,052 queries",
}
"""Where somebody had measured one before."""
EVENTS_PER_SECOND = {"audit.verify_chains": 50_000, "audit.count_usage": 5_000}
"""Of what reads the log: all of it each time, or all of it once."""
LEAST_SECONDS = 5.0
"""A short log takes as long as what else there is to do."""
BOUND = f"≤ {MOST_QUERIES} queries, {MOST_DATABASE_MS:,} ms of them"


@dataclass(frozen=True, slots=True)
class Tick:
    task: str
    queries: int
    database_ms: float
    seconds: float
    problem: str = ""

    def row(self, events: int) -> Row:
        told = f"{shown(self.seconds)} s, {self.queries} queries, {shown(self.database_ms)} ms of them in the database"
        name, previous = f"a tick of {self.task}", PREVIOUS.get(self.task, "")
        if self.problem:
            return Row(name, previous, f"{told}: {self.problem}", "ends", is_met=False)
        if speed := EVENTS_PER_SECOND.get(self.task):
            most = max(LEAST_SECONDS, events / speed)
            return Row(name, previous, told, f"{speed:,} events/s", self.seconds <= most)
        is_met = self.database_ms <= MOST_DATABASE_MS and self.queries <= MOST_QUERIES
        return Row(name, previous, told, BOUND, is_met)


def walk_ticks(events: int) -> Iterator[Row]:
    """A row for each that had a figure before or is over a bound, and one for all others. It is the first tick after
    the company was made and its log sealed, which finds everything due."""
    app.loader.import_default_modules()
    ticks = [tick(str(entry["task"])) for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    rows = [one.row(events) for one in ticks]
    named = {one.task for one, row in zip(ticks, rows, strict=True) if one.task in PREVIOUS or not row.is_met}
    yield from (row for one, row in zip(ticks, rows, strict=True) if one.task in named)
    rest = [one for one in ticks if one.task not in named]
    slowest = max(rest, key=lambda one: one.seconds)
    told = (
        f"at most {shown(slowest.seconds)} s ({slowest.task}), {max(one.queries for one in rest)} queries,"
        f" {shown(max(one.database_ms for one in rest))} ms of them in the database"
    )
    yield Row(f"ticks of the {len(rest)} other tasks", "", told, BOUND, is_met=True)


def tick(task: str) -> Tick:
    taken: list[float] = []

    def watch(execute: Any, *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            taken.append((time.perf_counter() - began) * 1000)

    began, problem = time.monotonic(), ""
    with connection.execute_wrapper(watch):
        try:
            with patience():
                app.tasks[task].run()
        except (DatabaseError, TimeoutError, Problem) as failed:
            problem = type(failed).__name__
    return Tick(task, len(taken), sum(taken), time.monotonic() - began, problem)


@contextmanager
def patience() -> Iterator[None]:
    def give_up(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
