"""Whoever may write to Redis runs nothing in Harriet: no pickle is opened, and only signed messages are work."""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from harriet.lib.shared_cache import SignedRedisCache
from harriet.lib.signed_tasks import HEADER, StaticScheduler, is_ours, signature_of

ROOT = Path(__file__).resolve().parents[2]
QUEUE = "celery"


class Trap:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.path}'",)


@pytest.fixture
def planted(tmp_path: Path) -> tuple[bytes, Path]:
    mark = tmp_path / "ran"
    return pickle.dumps(Trap(mark)), mark


@pytest.fixture
def server() -> redis.Redis:
    return redis.Redis.from_url(os.environ["REDIS_URL"])


@pytest.fixture
def cache(settings: Any) -> Any:
    """The installation's own, under a prefix of this test's own."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": str(uuid.uuid4())}}
    return caches["default"]


def test_a_pickle_in_the_cache_is_not_opened(cache: Any, server: redis.Redis, planted: tuple[bytes, Path]) -> None:
    assert isinstance(cache, SignedRedisCache)
    cache.set("attempts", [1.5], 60)
    assert cache.get("attempts") == [1.5]
    server.set(cache.make_key("attempts"), planted[0])
    assert cache.get("attempts", "nothing") == "nothing" and not planted[1].exists()


def test_a_value_counts_under_its_own_key_alone(cache: Any, server: redis.Redis) -> None:
    cache.set("mine", [1.5], 60)
    server.set(cache.make_key("yours"), server.get(cache.make_key("mine")) or b"")
    for forged in (b"17", b'{"a": 1}', b"\xff\xfe", b"[]:x:y"):
        server.set(cache.make_key("forged"), forged)
        assert cache.get("forged") is None, forged
    assert cache.get("yours") is None and cache.get_many(["mine", "yours"]) == {"mine": [1.5]}


def test_signing_in_goes_on_over_planted_values(
    cast: Any, cache: Any, server: redis.Redis, planted: tuple[bytes, Path]
) -> None:
    given = {"login": "dana@acme.test", "password": "wrong"}
    Client().post(reverse("account_login"), given)
    keys: Any = server.keys(f"{cache.key_prefix}*")
    assert keys
    for key in keys:
        server.set(key, planted[0])
    answer = Client().post(reverse("account_login"), given | {"password": "correct horse battery"})
    assert answer.status_code == 302 and not planted[1].exists()


def test_signing_in_works_while_redis_is_away(cast: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    monkeypatch.setattr(SignedRedisCache, "_away_until", 0.0)
    given = {"login": "dana@acme.test", "password": "correct horse battery"}
    assert Client().post(reverse("account_login"), given).status_code == 302


def test_a_signature_covers_name_arguments_and_headers() -> None:
    headers = {"task": "approvals.mail_approvers", "id": "1", "eta": None, "timelimit": (None, None)}
    body = (("an id",), {}, {"errbacks": None})
    signed = json.loads(json.dumps([headers | {HEADER: signature_of(headers, body)}, body]))
    assert is_ours(*signed)
    assert not is_ours(signed[0] | {"task": "gateway.run_approved_action"}, signed[1])
    assert not is_ours(signed[0] | {"eta": "2020-01-01T00:00:00"}, signed[1])
    assert not is_ours(signed[0], [["another id"], {}, {"errbacks": None}])
    assert not is_ours(signed[0], [["an id"], {}, {"errbacks": [{"task": "audit.seal_events"}]}])
    assert not is_ours({name: value for name, value in signed[0].items() if name != HEADER}, signed[1])


ITS_OWN = "people.tell_of_log"
"""What the real task sends in its turn: it may be done by the time one looks."""


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "harriet", "worker", "--concurrency", "1", "--loglevel", "INFO"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=output, stderr=subprocess.STDOUT)
    yield log
    process.terminate()
    process.wait(120)


def test_a_forged_message_is_not_run(
    server: redis.Redis, planted: tuple[bytes, Path], request: pytest.FixtureRequest
) -> None:
    """Queued in this order, before the worker starts: forged ones, a pickle, and one of Harriet's own."""
    server.delete(QUEUE)
    send = "from harriet.celery import app; app.send_task('audit.verify_chains')"  # all that a sender needs to import
    subprocess.run([sys.executable, "-c", send], cwd=ROOT, check=True)
    real = json.loads(server.lindex(QUEUE, 0) or b"")
    pickled, old = (base64.b64encode(raw).decode() for raw in (planted[0], b'{"task": "audit.seal_events", "id": "1"}'))
    forged = [
        {"headers": {**real["headers"], "task": "approvals.expire_actions"}},
        {"headers": {**real["headers"], HEADER: ""}},
        {"headers": {**real["headers"], "task": "connectors.check_health", HEADER: "0" * 64}},
        {"headers": {"id": "1"}, "body": old},
        {"body": pickled, "content-type": "application/x-python-serialize", "content-encoding": "binary"},
    ]
    server.delete(QUEUE)
    for number, change in enumerate(forged):
        properties = {**real["properties"], "delivery_tag": f"forged-{number}"}
        server.lpush(QUEUE, json.dumps({**real, "properties": properties, **change}))
    server.lpush(QUEUE, json.dumps(real))
    log = request.getfixturevalue("worker")
    text = read_until(log, "audit.verify_chains[")
    ran = re.findall(r"Task ([\w.]+)\[[^\]]*\] succeeded", text)
    assert ran.count("audit.verify_chains") == 1 and set(ran) <= {"audit.verify_chains", ITS_OWN}, text
    assert text.count("Not signed by this installation") >= 4 and not planted[1].exists(), text


def read_until(log: Path, task: str) -> str:
    from tests.ground.installation import wait_until

    wait_until(lambda: re.search(rf"{re.escape(task)}[^\]]*\] succeeded", log.read_text()))
    return log.read_text()


def test_the_clock_keeps_no_file_and_comes_to_what_is_rare() -> None:
    from harriet.celery import app

    assert app.conf.beat_scheduler == "harriet.lib.signed_tasks:StaticScheduler"
    scheduler = StaticScheduler(app)
    assert set(scheduler.schedule) == set(app.conf.beat_schedule)
    for entry in scheduler.schedule.values():
        wait = entry.schedule.remaining_estimate(entry.last_run_at)
        assert wait <= timedelta(minutes=5), entry
