"""One tick of each task that beat starts, in a very large company: queries, time in the database and in all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from harriet.celery import app
from harriet.lib.errors import Problem
from tests.bench.large_table import Row, shown
from tests.bench.page_visits import patience

PATIENCE = 300
"""Seconds for one tick."""
LONG = 60
"""Seconds of a tick that isn't repeated."""
MOST_DATABASE_MS, MOST_QUERIES = 1000, 300
PREVIOUS = {
    "audit.close_unfinished_calls": "30 s, the first sweep of 8 million events",
    "audit.verify_chains": "170 s CPU, 10 million events each time",
    "connectors.check_health": "22 s, 4,052 queries",
}
"""Where somebody had measured one before."""
BOUND = f"≤ {MOST_QUERIES} queries, {MOST_DATABASE_MS:,} ms"


FIRST = {"connectors.check_health"}
"""Judged by its first tick, which finds everything due; the others by the next one, as the clock goes on."""


@dataclass(frozen=True, slots=True)
class Tick:
    task: str
    queries: int
    database_ms: float
    seconds: float
    problem: str = ""

    def __str__(self) -> str:
        figures = f"{shown(self.seconds)} s, {self.queries} queries, {shown(self.database_ms)} ms in the database"
        return f"{figures}: {self.problem}" if self.problem else figures

    @property
    def is_within(self) -> bool:
        return not self.problem and self.database_ms <= MOST_DATABASE_MS and self.queries <= MOST_QUERIES


def row_of(first: Tick, then: Tick) -> Row:
    told, previous = f"{first}; then {then}", PREVIOUS.get(first.task, "")
    judged = first if first.task in FIRST else then
    return Row(f"a tick of {first.task}", previous, told, BOUND, judged.is_within)


def walk_ticks() -> Iterator[Row]:
    """A row for each that had a figure before or is over a bound, and one for all others. The first tick comes after
    the company was made and its log sealed, and finds everything due."""
    app.loader.import_default_modules()
    tasks = [str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    firsts = {task: tick(task) for task in tasks}
    thens = {task: first if first.seconds > LONG else tick(task) for task, first in firsts.items()}
    rows = {task: row_of(firsts[task], thens[task]) for task in tasks}
    named = [task for task in tasks if task in PREVIOUS or not rows[task].is_met]
    yield from (rows[task] for task in named)
    rest = [thens[task] for task in tasks if task not in named]
    slowest = max(rest, key=lambda one: one.seconds)
    yield Row(f"ticks of the {len(rest)} other tasks", "", f"at most {slowest} ({slowest.task})", BOUND, is_met=True)


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
            with patience(PATIENCE):
                app.tasks[task].run()
        except (DatabaseError, TimeoutError, Problem) as failed:
            problem = type(failed).__name__
    return Tick(task, len(taken), sum(taken), time.monotonic() - began, problem)
