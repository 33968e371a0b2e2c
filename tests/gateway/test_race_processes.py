"""Clients that are held, and fifteen takers in five processes, race for every approved call: each leaves once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from approvals.actions.approve_action import approve_action
from approvals.models import PendingAction
from approvals.sealed_parts import sent_of
from connectors.models import Tool
from harriet.people.actors import actor_of
from tests.gateway.test_hold_call import hold_for
from tests.servers.running import ROOT
from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Upstream
from tests.stage.waiting import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

CALLS = 8
PROCESSES, THREADS = 5, 3
"""The sixteenth taker is the gateway, for the client that is held or comes back."""


class Takers:
    """Processes with threads that are all told of the same approved action."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.gateway.takers", str(THREADS)]
        self._all = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            for _ in range(PROCESSES)
        ]
        self._hear("ready")

    def race_for(self, action: PendingAction) -> None:
        for one in self._all:
            assert one.stdin
            one.stdin.write(f"{action.pk}\n")
            one.stdin.flush()

    def wait(self) -> None:
        self._hear("done")

    def stop(self) -> None:
        for one in self._all:
            one.communicate(timeout=120)

    def _hear(self, word: str) -> None:
        assert [one.stdout.readline().strip() for one in self._all if one.stdout] == [word] * PROCESSES


@pytest.fixture
def takers(dana: Client) -> Iterator[Takers]:
    takers = Takers()
    yield takers
    takers.stop()


class Asking:
    """One client's call in a thread of its own."""

    def __init__(self, client: Client, text: str) -> None:
        self._answer = ""
        self._thread = threading.Thread(target=self._ask, args=(client, text))
        self._thread.start()

    @property
    def answer(self) -> str:
        self._thread.join(60)
        return self._answer

    def _ask(self, client: Client, text: str) -> None:
        self._answer = client.call("echo", {"text": text}).text


def test_clients_that_are_held(office: Office, dana: Client, upstream: Upstream, takers: Takers) -> None:
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    hold_for(office, 28, dana.gateway)
    texts = [f"held {number}" for number in range(CALLS)]
    asking = [Asking(dana, text) for text in texts]
    race(office, takers)
    assert [one.answer for one in asking] == texts
    each_left_once(upstream, texts)


def test_clients_that_come_back(office: Office, dana: Client, upstream: Upstream, takers: Takers) -> None:
    """Each asks again while the takers race, and once more when that was too early."""
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    hold_for(office, 1, dana.gateway)
    texts = [f"later {number}" for number in range(CALLS)]
    assert all("waits for approval" in one.answer for one in [Asking(dana, text) for text in texts])
    asking: dict[str, Asking] = {}
    race(office, takers, lambda text: asking.update({text: Asking(dana, text)}))
    early = [text for text, one in asking.items() if one.answer != text]
    assert [Asking(dana, text).answer for text in early] == early
    each_left_once(upstream, texts)


def race(office: Office, takers: Takers, join: Callable[[str], None] = lambda text: None) -> None:
    bob = actor_of(office.cast.bob)
    waiting = PendingAction.objects.filter(state=PendingAction.State.WAITING)
    wait_for(lambda: waiting.count() == CALLS)
    for action in list(waiting.select_related("ticket", "connector", "tool", "token")):
        approve_action(action, actor=bob)
        takers.race_for(action)
        join(json.loads(sent_of(action).arguments)["text"])
        takers.wait()


def each_left_once(upstream: Upstream, texts: list[str]) -> None:
    assert Counter(entry["message"]["params"]["arguments"]["text"] for entry in upstream.calls) == Counter(texts)
    assert set(PendingAction.objects.values_list("state", flat=True)) == {PendingAction.State.COLLECTED}
