"""Every task of the workers is named in the docs, and runs by the schedule or because somebody queues it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from celery import Task
from django.conf import settings

from harriet.celery import app

ROOT = Path(__file__).resolve().parents[2]
APPS = ("harriet", "audit", "vault", "connectors", "approvals")


def all_tasks() -> dict[str, Task]:  # type: ignore[type-arg]  # generic in its stubs only
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def scheduled() -> set[str]:
    return {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def is_queued(name: str, function: str) -> bool:
    """By its name, elsewhere than where it is defined; or by its function."""
    by_name, by_function = re.compile(rf'(?<!\(name=)"{re.escape(name)}"'), re.compile(rf"\b{function}\.delay\(")
    files = (path for folder in APPS for path in (ROOT / folder).rglob("*.py") if path.name != "settings.py")
    return any(by_name.search(text) or by_function.search(text) for text in map(Path.read_text, files))


def test_each_task_is_documented_and_nothing_else() -> None:
    section = (ROOT / "docs" / "reference.md").read_text().partition("\n## Background tasks")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `([a-z_.]+)` \|", section, re.MULTILINE)
    assert sorted(documented) == sorted(all_tasks()), "Write docs/reference.md anew: make house"


def test_the_schedule_names_tasks_that_there_are() -> None:
    assert scheduled() <= set(all_tasks())


@pytest.mark.parametrize("name", sorted(all_tasks()))
def test_a_task_runs_by_the_schedule_or_is_queued(name: str) -> None:
    is_run = name in scheduled() or is_queued(name, all_tasks()[name].__name__)
    assert is_run, "CELERY_BEAT_SCHEDULE in harriet/settings.py, or whoever queues it"


@pytest.mark.parametrize("name", sorted(all_tasks()))
def test_a_task_takes_ids_and_stands_in_a_room_of_tasks(name: str) -> None:
    """Whoever reads the broker learns ids; and what a task works on is what the database holds when it runs."""
    task = all_tasks()[name]
    asked = inspect.signature(task.run).parameters.values()
    assert all(one.name.endswith("_id") and one.annotation in (str, "str") for one in asked)
    assert task.__module__.endswith(".tasks")
    assert name not in scheduled() or not asked, "the schedule knows no ids"
