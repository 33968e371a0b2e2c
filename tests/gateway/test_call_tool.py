"""One governed call, end to end: what the server saw, what the client got, what the audit log says."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest

from audit.vocabulary.sentences import sentence_for
from tests.servers.upstream import leaked
from tests.stage.clients import Client, ModernClient
from tests.stage.credentials import SECRET
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture(scope="module")
def gateway(_gateway: Gateway) -> Gateway:
    return _gateway


@pytest.fixture
def dana(gateway: Gateway, office: Office) -> Client:
    return Client(gateway, office.token)


@pytest.fixture
def modern_dana(gateway: Gateway, office: Office) -> ModernClient:
    return ModernClient(gateway, office.token)


@pytest.fixture
def log(office: Office) -> Log:
    return Log(office.cast.acme.id)


def test_the_server_sees_the_organizations_secret_and_never_the_clients_token(
    dana: Client, modern_dana: ModernClient, upstream: Upstream, office: Office
) -> None:
    for client in (dana, modern_dana):
        assert client.call("echo", {"text": "hello"}).text == "hello"
    assert len(upstream.calls) == 2
    for entry in upstream.seen:
        if "headers" in entry:
            assert entry["headers"]["authorization"] == f"Bearer {SECRET}"
    assert office.token not in json.dumps(upstream.seen)


def test_the_session_with_a_legacy_server_is_opened_once(dana: Client, upstream: Upstream) -> None:
    for number in range(5):
        assert dana.call("echo", {"text": str(number)}).text == str(number)
    methods = [entry["method"] for entry in upstream.seen if "method" in entry]
    assert methods.count("tools/call") == 5
    assert methods.count("initialize") <= 1
    assert methods.count("server/discover") == 0


def test_intent_and_outcome_share_the_request_id_that_the_client_got(dana: Client, office: Office, log: Log) -> None:
    answer = dana.call("echo", {"text": "noted"})
    request_id = answer.result["_meta"]["harriet/requestId"]
    intent, outcome = log.events("call.intent", "call.outcome", wanted=2)
    assert intent["request"] == outcome["request"] == request_id
    assert (intent["code"], outcome["code"], outcome["outcome"]) == ("call.intent", "call.outcome", "ok")
    assert intent["person"]["label"] == "dana@acme.test"
    assert intent["device"]["label"] == "laptop"
    assert intent["client"] == "by-hand/1"
    assert intent["details"]["credential_version"] == 1
    assert "allowed for the group Sales" in intent["reason"]
    assert "dana@acme.test" in sentence_for(intent)
    assert SECRET not in json.dumps([intent, outcome])
    assert "noted" not in json.dumps([intent, outcome])


def test_arguments_that_make_no_call_are_refused_and_never_sent(dana: Client, upstream: Upstream) -> None:
    assert dana.request("tools/call", {"name": "echo", "arguments": []}).error["code"] == -32602
    assert dana.request("tools/call", {"arguments": {}}).error["code"] == -32602
    assert upstream.calls == []


FORMS = ["raw", "hex", "HEX", "base64-0", "base64-1", "base64-2", "base64url", "url", "nested"]


@pytest.mark.parametrize("form", FORMS)
def test_the_secret_is_redacted_in_every_encoding(dana: Client, modern_dana: ModernClient, form: str, log: Log) -> None:
    for client in (dana, modern_dana):
        answer = client.call("leak", {"form": form})
        assert "[redacted]" in answer.text
        body = answer.body.decode()
        assert leaked(f"Bearer {SECRET}", form) not in body
        assert SECRET not in body
        assert "[redacted]" in json.dumps(answer.result["structuredContent"])
        assert "[redacted]" in answer.result["_meta"]["test/leak"]
    assert log.events("call.outcome", wanted=2)[0]["details"]["redacted"] >= 3


def test_the_servers_errors_are_passed_on_without_secrets(dana: Client, modern_dana: ModernClient, log: Log) -> None:
    for client in (dana, modern_dana):
        for code, told in ((-32602, -32602), (4711, 4711), (-32001, -32603)):
            error = client.call("refuse", {"code": code}).error
            assert error["code"] == told
            assert "[redacted]" in error["message"]
            assert SECRET not in error["message"]
    assert {one["outcome"] for one in log.events("call.outcome", wanted=6)} == {"error"}


def test_a_tools_own_error_is_passed_on_and_noted(dana: Client, log: Log) -> None:
    assert dana.call("fail").result["isError"] is True
    assert log.events("call.outcome")[0]["outcome"] == "error"


def test_structured_content_must_be_what_was_promised(dana: Client) -> None:
    assert dana.call("weather", {"ok": True}).result["structuredContent"] == {"degrees": 21}
    wrong = dana.call("weather", {"ok": False}).result
    assert wrong["isError"] is True
    assert "output schema" in wrong["content"][0]["text"]
    assert "rain" not in json.dumps(wrong)


def test_progress_comes_with_the_clients_own_token(dana: Client, modern_dana: ModernClient, upstream: Upstream) -> None:
    for client in (dana, modern_dana):
        answer = client.call("report", {"steps": 3}, progressToken="mine")
        assert answer.headers["content-type"].startswith("text/event-stream")
        *progress, last = answer.messages
        assert [one["params"]["progressToken"] for one in progress] == ["mine"] * 3
        assert [one["params"]["progress"] for one in progress] == [1, 2, 3]
        assert last["result"]["content"][0]["text"] == "reported"
    tokens = [entry["message"]["params"]["_meta"]["progressToken"] for entry in upstream.calls]
    assert "mine" not in tokens
    assert len(set(tokens)) == 2


def test_without_notifications_the_answer_is_plain_json(dana: Client) -> None:
    assert dana.call("report", {"steps": 3}).headers["content-type"] == "application/json"


def hang_up(client: Client, upstream: Upstream, arguments: dict[str, Any]) -> None:
    """Sends a call and goes away when it has reached its server, before it is answered."""
    message = client.message("tools/call", {"name": "slow", "arguments": arguments})
    body = json.dumps(message).encode()
    head = [f"POST {client.path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in client.headers(message).items()]
    with socket.create_connection(("127.0.0.1", client.gateway.port)) as connection:
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        wait_for(lambda: bool(upstream.calls))


def test_a_modern_client_that_leaves_cancels_its_call(modern_dana: ModernClient, upstream: Upstream, log: Log) -> None:
    hang_up(modern_dana, upstream, {"ms": 30_000, "text": "left"})
    assert log.events("call.outcome")[0]["outcome"] == "cancelled"
    time.sleep(0.3)
    wait_for(lambda: any("cancelled" in entry for entry in upstream.seen))
    assert not any("finished" in entry for entry in upstream.seen)


def test_a_legacy_client_that_leaves_does_not(dana: Client, upstream: Upstream, log: Log) -> None:
    hang_up(dana, upstream, {"ms": 1500, "text": "left"})
    assert log.events("call.outcome")[0]["outcome"] == "ok"
    assert any("finished" in entry for entry in upstream.seen)
