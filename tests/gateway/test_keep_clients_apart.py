"""What a client declares counts for that client: at a server that remembers, its roots, its log level and what it can
be asked are never another's, though both use one token."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.gateway.test_ask_client import Talking
from tests.servers import remembering
from tests.stage.clients import META, Client, ModernClient
from tests.stage.office import Office
from tests.stage.processes import Gateway, Process
from tests.stage.waiting import wait_for

PREFIX = "io.modelcontextprotocol/"
MOST_KEPT = 32


class Remembering(Process):
    def __init__(self, log: Path, stream: str) -> None:
        command = [sys.executable, "-m", "uvicorn", "tests.servers.remembering:app", "--port", "{port}"]
        super().__init__(
            [*command, "--lifespan", "off", "--log-level", "warning"], ready="/log", log=log, STREAM=stream
        )

    @property
    def open(self) -> int:
        return int(self.get("/log").json["open"])


@pytest.fixture(scope="module", params=["call", "own"])
def server(request: pytest.FixtureRequest, logs: Path) -> Iterator[Remembering]:
    process = Remembering(logs / f"remembering-{request.param}.log", request.param)
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def office(committed_cast: Any, server: Remembering) -> Office:
    with transaction.atomic():
        made = Office(committed_cast, f"{server.url}/mcp", era="legacy", definitions=remembering.TOOLS)
        made.crm.capabilities = {"tools": {}, "logging": {}}
        made.crm.save()
    return made


class Rooted(ModernClient):
    """A client of 2026-07-28 that works in one folder."""

    def __init__(self, gateway: Process, token: str, folder: str, **meta: Any) -> None:
        super().__init__(gateway, token)
        self.roots, self.more, self.asked = [{"uri": f"file:///{folder}"}], meta, 0

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        made = super().message(method, params)
        made["params"]["_meta"] = {**META, f"{PREFIX}clientCapabilities": {"roots": {}}, **self.more}
        return made

    def text(self, name: str) -> str:
        params: dict[str, Any] = {"name": name, "arguments": {}}
        for _ in range(5):
            result = self.request("tools/call", params).result
            if result["resultType"] == "complete":
                return str(result["content"][0]["text"])
            self.asked += 1
            assert {one["method"] for one in result["inputRequests"].values()} == {"roots/list"}
            params["inputResponses"] = {key: {"roots": self.roots} for key in result["inputRequests"]}
            params["requestState"] = result["requestState"]
        raise AssertionError("it never ends")


def test_each_client_has_its_own_roots(gateway: Gateway, office: Office) -> None:
    Client(gateway, office.token).until(200)
    one, other = Rooted(gateway, office.token, "one"), Rooted(gateway, office.token, "other")
    for _ in range(3):
        assert one.text("roots") == "file:///one"
        assert other.text("roots") == "file:///other"
    one.roots = [{"uri": "file:///elsewhere"}]
    assert one.text("roots") == "file:///elsewhere"
    assert other.text("roots") == "file:///other"
    assert one.asked == 4, "once for each call"


def test_clients_that_call_at_once_have_their_own_roots(gateway: Gateway, office: Office) -> None:
    Client(gateway, office.token).until(200)
    clients = [Rooted(gateway, office.token, f"folder-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda client: [client.text("roots") for _ in range(3)], clients))
    assert found == [[f"file:///folder-{number}"] * 3 for number in range(8)]


def test_what_a_server_keeps_for_a_client_is_there_at_its_next_call(gateway: Gateway, office: Office) -> None:
    """A session for each call would lose, for example, the page that a browser has open."""
    Client(gateway, office.token).until(200)
    one, other = Rooted(gateway, office.token, "kept-one"), Rooted(gateway, office.token, "kept-other")
    for client in (one, other):
        client.text("roots")
        assert [int(client.text("count")) for _ in range(3)] == [2, 3, 4]


def test_each_client_hears_what_it_wants_to_hear(gateway: Gateway, office: Office) -> None:
    Client(gateway, office.token).until(200)

    def levels(level: str) -> list[str]:
        client = ModernClient(gateway, office.token)
        message = client.message("tools/call", {"name": "chat", "arguments": {}, "_meta": {f"{PREFIX}logLevel": level}})
        answer = client.post(json.dumps(message).encode(), client.headers(message))
        return [one["params"]["level"] for one in answer.messages if one.get("method") == "notifications/message"]

    wanted = ["debug", "error", "info", "debug", "error", "info"]
    heard = {"debug": ["debug", "info", "error"], "info": ["info", "error"], "error": ["error"]}
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(levels, wanted)) == [heard[level] for level in wanted]


def test_sessions_for_clients_without_any_are_bounded_and_ended(
    server: Remembering, gateway: Gateway, office: Office
) -> None:
    """Whoever calls as ever another client does not fill the server's memory."""
    Client(gateway, office.token).until(200)
    before = server.open
    for number in range(MOST_KEPT + 10):
        info = {"name": f"client {number}", "version": "1"}
        client = Rooted(gateway, office.token, "same", **{f"{PREFIX}clientInfo": info})
        client.text("count")
    assert server.open - before <= MOST_KEPT


def test_clients_with_sessions_have_their_own_roots(gateway: Gateway, office: Office) -> None:
    Client(gateway, office.token).until(200)
    for name in ("one", "other", "third"):
        client = WithRoots(gateway, office.token)
        assert client.talk("roots", {"roots": [{"uri": f"file:///{name}"}]})["content"][0]["text"] == f"file:///{name}"


def test_changed_roots_are_asked_for_anew(gateway: Gateway, second_gateway: Gateway, office: Office) -> None:
    """At whichever process the client said so; what else the server remembers stays."""
    for process in (gateway, second_gateway):
        Client(process, office.token).until(200)
    client = WithRoots(gateway, office.token)

    def roots(folder: str) -> str:
        return str(client.talk("roots", {"roots": [{"uri": f"file:///{folder}"}]})["content"][0]["text"])

    assert [roots("before"), roots("after")] == ["file:///before"] * 2
    client.notify("notifications/roots/list_changed", at=gateway)
    assert roots("after") == "file:///after"
    client.ask_at(second_gateway)
    client.notify("notifications/roots/list_changed", at=second_gateway)
    wait_for(lambda: roots("again") == "file:///again")
    assert client.talk("count", {})["content"][0]["text"] not in ("1", "2")


class WithRoots(Talking):
    def notify(self, method: str, *, at: Process) -> None:
        message = {"jsonrpc": "2.0", "method": method}
        assert at.send("POST", self.path, json.dumps(message).encode(), self.headers(message)).status == 202

    def ask_at(self, gateway: Process) -> None:
        """So that this process has met the session, too."""
        message = self.message("ping")
        assert gateway.send("POST", self.path, json.dumps(message).encode(), self.headers(message)).status == 200

    def request(self, method: str, params: dict[str, Any] | None = None) -> Any:
        if method == "initialize" and params is not None:
            params = {**params, "capabilities": {"roots": {}}}
        return super().request(method, params)
