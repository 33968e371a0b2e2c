"""Each kind of row has a stated life: docs/records.md names it once, and what takes those that are over runs."""

import re
from collections import Counter

from django.apps import apps
from django.conf import settings

from tests.house.source import BASE, ROOTS

_LABEL = re.compile(r"`([a-z]+\.[A-Z]\w+)`")
_TASK = re.compile(r"`([a-z]+\.[a-z_]+)`")


def _chapter() -> str:
    text = (BASE / "docs" / "records.md").read_text()
    return text.split("## How long rows stay")[1].split("\n## ")[0]


def _labels() -> set[str]:
    return {model._meta.label for model in apps.get_models() if model.__module__.split(".")[0] in ROOTS}


def test_each_kind_of_row_is_named_once() -> None:
    told = Counter(_LABEL.findall(_chapter()))
    assert _labels() - told.keys() == set(), "say in docs/records.md how long these rows stay"
    assert told.keys() - _labels() == set(), "there are no such rows"
    assert [label for label, times in told.items() if times > 1] == []


def test_what_takes_them_is_scheduled() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    named = {task for line in _chapter().splitlines() if line.startswith("| `") for task in _TASK.findall(line)}
    assert named and named <= scheduled
