"""Servers that ask in the middle of a call, and clients that answer: both eras on both sides, and two web processes."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from approvals.actions.approve_action import approve_action
from connectors.models import Tool
from harriet.people.actors import actor_of
from tests.gateway.test_hold_call import Waiting, hold_for, the_action
from tests.servers import asking
from tests.stage.clients import META, Client, ModernClient
from tests.stage.connectors import tools
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Gateway, Process

CAPABILITIES = {"elicitation": {}, "sampling": {}}
Connect = Callable[..., Client]


class Asking(Process):
    def __init__(self, era: str, log: Path) -> None:
        command = ["-m", "uvicorn", "tests.servers.asking:app", "--port", "{port}", "--lifespan", "off"]
        import sys

        super().__init__([sys.executable, *command, "--log-level", "warning"], ready="/log", log=log, UPSTREAM_ERA=era)

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    @property
    def seen(self) -> list[dict[str, Any]]:
        return list(json.loads(self.get("/log").body))


@pytest.fixture(scope="module", params=["legacy", "modern"])
def server(request: pytest.FixtureRequest, logs: Path) -> Iterator[Asking]:
    process = Asking(request.param, logs / f"asking-{request.param}.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def office(committed_cast: Any, server: Asking, request: pytest.FixtureRequest) -> Office:
    era = server._environment["UPSTREAM_ERA"]
    with transaction.atomic():
        made = Office(committed_cast, server.mcp, era=era, definitions=asking.TOOLS)
        made.crm.capabilities = asking.CAPABILITIES
        made.crm.save()
        tools(made.crm, committed_cast.sales, asking.PROMPTS, kind=Tool.Kind.PROMPT)
        tools(made.crm, committed_cast.sales, [{"name": "resources"}], kind=Tool.Kind.RESOURCES)
    return made


class Talking(Client):
    """A client of the handshake era that reads its stream as it comes, and answers what it is asked."""

    def __init__(self, gateway: Process, token: str, answering: Process | None = None) -> None:
        super().__init__(gateway, token)
        self.answering = answering or gateway
        self.session = ""
        self.asked: list[dict[str, Any]] = []
        hello = {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "clientInfo": {"name": "talker"}}
        self.session = self.request("initialize", hello).headers["mcp-session-id"]

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        more = {"mcp-session-id": self.session} if self.session else {}
        return {**super().headers(message), **more}

    def talk(self, name: str, answer: dict[str, Any]) -> dict[str, Any]:
        """The result of a call in which every question gets this answer."""
        message = self.message("tools/call", {"name": name, "arguments": {}})
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        connection.request("POST", self.path, json.dumps(message).encode(), self.headers(message))
        response = connection.getresponse()
        while line := response.readline():
            if line.startswith(b"{"):
                return dict(json.loads(line)["result"])  # nothing was asked
            if not line.startswith(b"data: {"):
                continue
            got: dict[str, Any] = json.loads(line[5:])
            if "method" not in got:
                return dict(got["result"])
            self.asked.append(got)
            reply = {"jsonrpc": "2.0", "id": got["id"], "result": answer}
            sent = self.answering.send("POST", self.path, json.dumps(reply).encode(), self.headers(message))
            assert sent.status == 202
        raise AssertionError("the stream ended without an answer")


class Turns(ModernClient):
    """A client of 2026-07-28 that answers with its next request."""

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        made = super().message(method, params)
        made["params"]["_meta"] = {**META, "io.modelcontextprotocol/clientCapabilities": CAPABILITIES}
        return made

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        uri = message.get("params", {}).get("uri")
        return {**super().headers(message), **({"mcp-name": uri} if uri else {})}

    def finish(self, name: str, answer: dict[str, Any]) -> dict[str, Any]:
        params: dict[str, Any] = {"name": name, "arguments": {}}
        for _ in range(5):
            result = self.request("tools/call", params).result
            if result["resultType"] == "complete":
                return result
            params["inputResponses"] = dict.fromkeys(result["inputRequests"], answer)
            params.pop("requestState", None)
            if "requestState" in result:
                params["requestState"] = result["requestState"]
        raise AssertionError("it never ends")


ACCEPTED = {"action": "accept", "content": {"n": 3}}


def text_of(result: dict[str, Any]) -> str:
    return str(result["content"][0]["text"])


@pytest.fixture
def talker(gateway: Gateway, office: Office) -> Talking:
    Client(gateway, office.token).until(200)
    return Talking(gateway, office.token)


@pytest.fixture
def turns(gateway: Gateway, office: Office) -> Turns:
    Client(gateway, office.token).until(200)
    return Turns(gateway, office.token)


def test_a_form_is_filled_in_and_the_call_ends(talker: Talking, turns: Turns) -> None:
    said = json.dumps(ACCEPTED, sort_keys=True)
    assert text_of(talker.talk("ask", ACCEPTED)) == said
    assert talker.asked[0]["method"] == "elicitation/create"
    assert talker.asked[0]["params"]["message"] == "How many?"
    assert text_of(turns.finish("ask", ACCEPTED)) == said
    for client in (text_of(talker.talk("ask_twice", ACCEPTED)), text_of(turns.finish("ask_twice", ACCEPTED))):
        assert client == f"{said} and {said}"


def test_the_clients_model_is_asked(talker: Talking, turns: Turns) -> None:
    answer = {"role": "assistant", "content": {"type": "text", "text": "hi"}, "model": "m"}
    assert "hi" in text_of(talker.talk("sample", answer))
    assert "hi" in text_of(turns.finish("sample", answer))


def test_a_client_that_can_not_be_asked_is_not(gateway: Gateway, office: Office, talker: Talking) -> None:
    plain, modern = Client(gateway, office.token), ModernClient(gateway, office.token)
    for answer in (plain.call("ask"), modern.call("ask")):
        result = answer.result
        assert result.get("isError") or "error" in text_of(result)
        assert all("question" not in json.dumps(message) for message in answer.messages)


def test_answers_reach_the_process_that_waits(
    gateway: Gateway, second_gateway: Gateway, office: Office, talker: Talking, turns: Turns
) -> None:
    """Nothing routes a client to the process where its call is: each answer goes to the other one here."""
    log = Log(office.cast.acme.id)
    Client(second_gateway, office.token).until(200)
    across = Talking(gateway, office.token, answering=second_gateway)
    assert json.loads(text_of(across.talk("ask", ACCEPTED))) == ACCEPTED
    first = turns.request("tools/call", {"name": "ask", "arguments": {}}).result
    elsewhere = Turns(second_gateway, office.token)
    params = {"name": "ask", "arguments": {}, "inputResponses": dict.fromkeys(first["inputRequests"], ACCEPTED)}
    if "requestState" in first:
        params["requestState"] = first["requestState"]
    assert json.loads(text_of(elsewhere.request("tools/call", params).result)) == ACCEPTED
    for told in log.events("call.intent", "call.outcome", wanted=4):
        assert (told["person"]["label"], told["device"]["label"]) == ("dana@acme.test", "laptop")
        assert told["client"] in ("talker", "by hand 1")
        assert told["token_hint"]


def test_a_client_whose_process_died_is_not_told_to_repeat_blindly(
    gateway: Gateway, office: Office, talker: Talking, turns: Turns, start_gateway: Callable[[], Gateway]
) -> None:
    """A call that stood still had reached its server. One whose server keeps it in its questions goes on anywhere."""
    doomed = start_gateway()
    there = Turns(doomed, office.token)
    there.until(200)
    first = there.request("tools/call", {"name": "ask", "arguments": {}}).result
    doomed.stop(signal.SIGKILL)
    params = {"name": "ask", "arguments": {}, "inputResponses": dict.fromkeys(first["inputRequests"], ACCEPTED)}
    if "requestState" not in first:
        assert json.loads(text_of(turns.request("tools/call", params).result)) == ACCEPTED
        return
    told = turns.request("tools/call", {**params, "requestState": first["requestState"]}).error
    assert told["code"] == -32602
    assert "Whether its server carried it out is not known; look before you send the request anew" in told["message"]


def test_a_state_belongs_to_one_request_of_one_caller(
    server: Asking, office: Office, turns: Turns, gateway: Gateway
) -> None:
    first = turns.request("tools/call", {"name": "ask", "arguments": {}}).result
    state = first.get("requestState")
    if state is None:
        first = turns.request("tools/call", {"name": "state", "arguments": {"x": 1}}).result
        state = first["requestState"]
        assert state != "upstream-state"
        arguments, name = {"x": 1}, "state"
    else:
        arguments, name = {}, "ask"
    answers = dict.fromkeys(first["inputRequests"], ACCEPTED)
    whole: dict[str, Any] = {"name": name, "arguments": arguments, "inputResponses": answers}
    for wrong in (state[:-4] + "AAAA", "no state", state + "x"):
        assert turns.request("tools/call", {**whole, "requestState": wrong}).error["code"] == -32602
    assert turns.request("tools/call", {**whole, "name": "sample", "requestState": state}).error["code"] == -32602
    from tests.stage.tokens import device_token

    other = Turns(gateway, device_token(office.cast.acme, office.cast.dana, "phone"))
    other.until(200)
    assert other.request("tools/call", {**whole, "requestState": state}).error["code"] == -32602
    assert "result" in turns.request("tools/call", {**whole, "requestState": state}).json


def test_prompts_resources_and_completions(office: Office, talker: Talking, turns: Turns) -> None:
    log = Log(office.cast.acme.id)
    for client in (talker, turns):
        assert [one["name"] for one in client.request("prompts/list").result["prompts"]] == ["greet"]
        got = client.request("prompts/get", {"name": "greet", "arguments": {"who": "Dana"}}).result
        assert got["messages"][0]["content"]["text"] == "Hello Dana"
        listed = client.request("resources/list").result["resources"]
        assert [one["uri"] for one in listed] == ["note://one", "note://two"]
        templates = client.request("resources/templates/list").result["resourceTemplates"]
        assert templates[0]["uriTemplate"] == "note://by/{name}"
        read = client.request("resources/read", {"uri": "note://by/me"}).result
        assert read["contents"][0]["text"] == "the text of note://by/me"
        ref = {"type": "ref/prompt", "name": "greet"}
        asked = {"ref": ref, "argument": {"name": "who", "value": "Da"}}
        assert client.request("completion/complete", asked).result["completion"]["values"][0] == "Da!"
    told = log.events("call.intent", "call.outcome", wanted=12)
    assert {(one["person"]["label"], one["device"]["label"]) for one in told} == {("dana@acme.test", "laptop")}
    assert {one["client"] for one in told} == {"talker", "by hand 1"}
    assert all(one["token_hint"] for one in told)
    assert {(one["code"], one["details"]["method"], one["details"].get("uri")) for one in told} == {
        (code, *what)
        for code in ("call.intent", "call.outcome")
        for what in (
            ("prompts/get", None),
            ("resources/read", "note://by/me"),
            ("completion/complete", None),
        )
    }


def test_what_the_profile_does_not_give_is_not_there(office: Office, talker: Talking, turns: Turns) -> None:
    Tool.objects.exclude(kind=Tool.Kind.TOOL).update(is_enabled=False)
    office.wait_until_known(talker.gateway)
    assert "prompts" not in turns.request("server/discover").result["capabilities"]
    for client in (talker, turns):
        assert client.request("prompts/list").result["prompts"] == []
        assert client.request("resources/list").result["resources"] == []
        assert client.request("prompts/get", {"name": "greet", "arguments": {"who": "x"}}).error["code"] == -32602
        assert client.request("resources/read", {"uri": "note://one"}).error["code"] == -32602


def test_a_call_that_runs_as_it_was_approved_asks_nobody(server: Asking, office: Office, talker: Talking) -> None:
    """An answer would be more than the approver saw."""
    Tool.objects.filter(name="ask").update(requires_confirmation=True)
    hold_for(office, 120, talker.gateway)
    before = len(server.seen)
    waiting = Waiting(lambda: talker.call("ask", progressToken=1))
    approve_action(the_action(), actor=actor_of(office.cast.bob))
    answer = waiting.answer
    assert not [one for one in answer.messages if one.get("method") == "elicitation/create"]
    assert "support" in answer.text or "runs as it was approved" in answer.text
    seen = [entry["message"] for entry in server.seen[before:]]
    assert "elicitation" not in json.dumps(seen)
    assert [message.get("method") for message in seen].count("tools/call") == 1
