"""The web process is killed in the middle of its work: nothing that a server saw is unaccounted for."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from audit.chain.sealing import seal_everything
from audit.models import Event
from audit.unfinished_calls import close_unfinished_calls
from audit.verification.verify import verify
from tests.stage.clients import Client
from tests.stage.events import unfinished_intents_of
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for
from vault.verify import verify_vault

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

CALLS = 1000
IN_FLIGHT = 50
KILL_AT = 300
PATIENCE = 60


def test_a_killed_web_process_leaves_nothing_unaccounted(
    office: Office, upstream: Upstream, start_gateway: Callable[[], Gateway], settings: LazySettings
) -> None:
    gateway = start_gateway()
    dana = Client(gateway, office.token).until(200)
    broken = call_while_killing(gateway, dana)
    assert broken, "the kill came too late to hit a call"
    gateway.stop()  # its last outcomes are written before it ends
    wait_for(is_all_written)

    arrivals, intents = arrivals_at(upstream), intents_by_arguments()
    assert len(arrivals) == CALLS
    for arguments, times in arrivals.items():
        # The n-th time that the server saw these arguments there were n intents in the database already.
        assert all(before <= at for before, at in zip(intents[arguments], times, strict=False))
        assert len(intents[arguments]) >= len(times)

    settings.MCP_DEADLINE_SECONDS = -120  # every call has ended: the sweep need not wait for the longest one
    closed = close_unfinished_calls()
    assert closed > 0
    assert not unfinished_intents_of(office.cast.acme.id)
    # A process of other stories may end a call of theirs at this moment.
    ours = {body["request"] for body in bodies("call.intent")}
    outcomes = Counter(body["outcome"] for body in bodies("call.outcome") if body["request"] in ours)
    assert outcomes["unknown"] == closed
    assert sum(outcomes.values()) == sum(map(len, intents.values()))

    seal_everything()
    assert verify(office.cast.acme.id).is_sound
    assert not verify_vault().problems


def call_while_killing(gateway: Gateway, dana: Client) -> list[str]:
    """Makes every call, each again until it is answered; returns the attempts that broke."""
    broken: list[str] = []
    answered = threading.Semaphore(0)

    def call(number: int) -> None:
        end = time.monotonic() + PATIENCE
        while not attempt(dana, number, broken):
            assert time.monotonic() < end, f"call {number} was never answered"
            time.sleep(0.05)
        answered.release()

    with ThreadPoolExecutor(IN_FLIGHT) as callers:
        calls = [callers.submit(call, number) for number in range(CALLS)]
        for _ in range(KILL_AT):
            answered.acquire()
        gateway.kill_and_restart()
        for one in calls:
            one.result()
    return broken


def attempt(dana: Client, number: int, broken: list[str]) -> bool:
    try:
        return dana.call("slow", {"ms": 20, "text": f"call {number}"}).text == f"call {number}"
    except (OSError, ValueError, AssertionError) as problem:
        broken.append(type(problem).__name__)
        return False


def is_all_written() -> bool:
    """What was sent before a process was killed may be committed after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'harriet audit writer' AND state <> 'idle'"
        )
        return bool(cursor.fetchone() == (0,))


def arrivals_at(upstream: Upstream) -> dict[str, list[float]]:
    """When the server saw each call, by the digest of its arguments."""
    found: dict[str, list[float]] = defaultdict(list)
    for entry in upstream.calls:
        arguments = json.dumps(entry["message"]["params"]["arguments"]).encode()
        found[hashlib.sha256(arguments).hexdigest()].append(entry["at"])
    return {digest: sorted(times) for digest, times in found.items()}


def intents_by_arguments() -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for event in Event.objects.filter(code="call.intent").order_by("recorded_at"):
        found[json.loads(event.body)["details"]["arguments_digest"]].append(event.recorded_at.timestamp())
    return found


def bodies(code: str) -> Iterator[dict[str, Any]]:
    for event in Event.objects.filter(code=code):
        yield json.loads(event.body)
