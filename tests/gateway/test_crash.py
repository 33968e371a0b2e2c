"""The web process is killed in the middle of its work: nothing that a server saw is unaccounted for."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable

import pytest

from audit.models import Event

from .client import Client
from .office import Office
from .processes import Gateway, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

CALLS = 1000
IN_FLIGHT = 50


def test_every_call_that_the_server_saw_has_an_intent(
    office: Office, upstream: Upstream, start_gateway: Callable[[], Gateway]
) -> None:
    gateway = start_gateway()
    dana = Client(gateway, office.token).until(200)
    numbers = iter(range(CALLS))
    lock = threading.Lock()
    refused: list[str] = []

    def work() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                dana.call("slow", {"ms": 20, "text": f"call {number}"})
            except (OSError, ValueError) as problem:
                refused.append(type(problem).__name__)

    workers = [threading.Thread(target=work) for _ in range(IN_FLIGHT)]
    for worker in workers:
        worker.start()
    time.sleep(1.5)
    gateway.stop(signal.SIGKILL)
    for worker in workers:
        worker.join()
    seen = {entry["message"]["params"]["arguments"]["text"] for entry in upstream.calls}
    intents = [json.loads(event.body) for event in Event.objects.filter(code="call.intent")]
    assert refused, "the kill came too late to hit a call"
    assert 0 < len(seen) <= len(intents)
    digests = {
        json.loads(event.body)["details"]["arguments_digest"] for event in Event.objects.filter(code="call.intent")
    }
    assert {digest_of(text) for text in seen} <= digests


def digest_of(text: str) -> str:
    import hashlib

    return hashlib.sha256(json.dumps({"ms": 20, "text": text}).encode()).hexdigest()
