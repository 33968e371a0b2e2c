"""What a server says has changed reaches the clients that listen at Harriet, in any process, and nobody else."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from connectors.models import Tool, ToolPermission
from tests.gateway.test_listen_streams import InSession, heard, listen, stream
from tests.servers import announcing
from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import tools
from tests.stage.office import Office
from tests.stage.processes import Gateway, Process
from tests.stage.waiting import wait_for

NOTE = "note://one"
TOOLS_CHANGED: dict[str, Any] = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
NOTE_CHANGED: dict[str, Any] = {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": NOTE}}


class Announcing(Process):
    def __init__(self, log: Path, era: str = "legacy") -> None:
        command = [sys.executable, "-m", "uvicorn", "tests.servers.announcing:app", "--port", "{port}"]
        command += ["--lifespan", "off", "--log-level", "warning"]
        super().__init__(command, ready="/log", log=log, UPSTREAM_ERA=era)

    @property
    def listening(self) -> int:
        return int(self.get("/log").json["listening"])

    def subscribed(self) -> list[str]:
        log = self.get("/log").json["log"]
        return [one["params"]["uri"] for one in log if one.get("method") == "resources/subscribe"]

    def say(self, message: dict[str, Any]) -> None:
        self.send("POST", "/say", json.dumps(message).encode(), {})


@pytest.fixture
def server(logs: Path) -> Iterator[Announcing]:
    process = Announcing(logs / "announcing.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def office(committed_cast: Any, server: Announcing) -> Office:
    with transaction.atomic():
        made = Office(committed_cast, f"{server.url}/mcp", era="legacy", definitions=announcing.TOOLS)
        made.crm.capabilities = announcing.CAPABILITIES
        made.crm.save()
        made.tools |= tools(made.crm, committed_cast.sales, [{"name": "resources"}], kind=Tool.Kind.RESOURCES)
    return made


@pytest.fixture
def repeating(server: Announcing) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Says something until the story ends: a server does not know when all the ways to its listeners are open."""
    done = threading.Event()

    def say(message: dict[str, Any]) -> None:
        def keep_on() -> None:
            while not done.wait(0.2):
                server.say(message)

        thread = threading.Thread(target=keep_on, daemon=True)
        threads.append(thread)
        thread.start()

    threads: list[threading.Thread] = []
    yield say
    done.set()
    for thread in threads:
        thread.join()


def first(response: HTTPResponse, method: str) -> dict[str, Any]:
    while (message := heard(response)) is not None:
        if message["method"] == method:
            return message
    raise AssertionError("the stream ended")


def test_lists_that_changed_reach_listeners_of_both_eras(
    gateway: Gateway, second_gateway: Gateway, office: Office, dana: Client, server: Announcing, repeating: Any
) -> None:
    Client(second_gateway, office.token).until(200)
    session = InSession(gateway, office.token).begin()
    modern = ModernClient(second_gateway, office.token)
    body, message = listen(modern, {"toolsListChanged": True})
    with stream(session, "GET") as legacy_stream, stream(modern, "POST", body, message) as modern_stream:
        repeating(TOOLS_CHANGED)
        assert first(legacy_stream, TOOLS_CHANGED["method"]) == TOOLS_CHANGED
        assert first(modern_stream, TOOLS_CHANGED["method"])["params"]["_meta"]
    wait_for(lambda: server.listening == 0)  # nobody listens, so Harriet does not


def test_a_subscription_at_one_process_is_heard_at_another(
    gateway: Gateway, second_gateway: Gateway, office: Office, dana: Client, server: Announcing, repeating: Any
) -> None:
    Client(second_gateway, office.token).until(200)
    session = InSession(gateway, office.token).begin()
    with stream(session, "GET") as response:
        assert session.at(second_gateway).request("resources/subscribe", {"uri": NOTE}).result == {}
        repeating(NOTE_CHANGED)
        assert first(response, NOTE_CHANGED["method"]) == NOTE_CHANGED
    assert NOTE in server.subscribed()


def test_what_may_not_be_read_is_not_heard_of(
    gateway: Gateway, office: Office, dana: Client, server: Announcing, repeating: Any
) -> None:
    ToolPermission.objects.filter(tool=office.tools["resources"]).delete()
    office.wait_until_known(gateway)
    session = InSession(gateway, office.token).begin()
    assert "error" in session.request("resources/subscribe", {"uri": NOTE}).json
    modern = ModernClient(gateway, office.token)
    body, message = listen(modern, {"toolsListChanged": True, "resourceSubscriptions": [NOTE]})
    with stream(modern, "POST", body, message) as response:
        acknowledged = heard(response)
        assert acknowledged is not None
        assert acknowledged["params"]["notifications"] == {"toolsListChanged": True}
        repeating(NOTE_CHANGED)
        repeating(TOOLS_CHANGED)
        following = heard(response)
        assert following is not None
        assert following["method"] == TOOLS_CHANGED["method"]


def test_streams_end_with_their_process(office: Office, start_gateway: Callable[[], Gateway]) -> None:
    gateway = start_gateway()
    client = ModernClient(gateway, office.token)
    client.until(200)
    body, message = listen(client, {"toolsListChanged": True})
    with stream(client, "POST", body, message) as response:
        assert heard(response) is not None
        gateway.child.terminate()
        last = heard(response)
        assert last is not None
        assert (last["id"], last["result"]["resultType"]) == (message["id"], "complete")
        assert heard(response) is None
    assert gateway.child.wait(60) == 0
