"""One governed call, end to end: what the server saw, what the client got, what the audit log says."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

import pytest

from audit.codes import sentence_for
from audit.models import Event
from connectors.models import Connector, Tool, ToolPermission, ToolVersion
from harriet.lib.canonical import digest
from harriet.people.models import AccessToken, Device

from .client import Client, ModernClient
from .office import SECRET, Office, connector, profile, tools
from .processes import Gateway, Upstream

pytestmark = pytest.mark.django_db(transaction=True)


def events(*codes: str, wanted: int = 1, seconds: float = 3) -> list[dict[str, Any]]:
    """The bodies of the audit events with these codes, oldest first."""
    end = time.monotonic() + seconds
    while True:
        rows = Event.objects.filter(code__in=codes).order_by("recorded_at", "id")
        if len(rows) >= wanted or time.monotonic() > end:
            return [json.loads(row.body) for row in rows]
        time.sleep(0.02)


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


def test_a_modern_server_is_called_by_clients_of_both_eras(
    gateway: Gateway, committed_cast: Any, modern_upstream: Upstream
) -> None:
    office = Office(committed_cast, modern_upstream.mcp)
    for client in (Client(gateway, office.token).until(200), ModernClient(gateway, office.token)):
        answer = client.call("echo", {"text": "both"})
        assert answer.text == "both"
        assert ("resultType" in answer.result) == (client.era == "modern")
    call = modern_upstream.calls[0]
    assert call["headers"]["mcp-protocol-version"] == "2026-07-28"
    assert call["headers"]["mcp-name"] == "echo"


def test_the_session_with_a_legacy_server_is_opened_once(dana: Client, upstream: Upstream) -> None:
    for number in range(5):
        assert dana.call("echo", {"text": str(number)}).text == str(number)
    methods = [entry["method"] for entry in upstream.seen if "method" in entry]
    assert methods.count("tools/call") == 5
    assert methods.count("initialize") <= 1


def test_intent_and_outcome_share_the_request_id_that_the_client_got(dana: Client, office: Office) -> None:
    answer = dana.call("echo", {"text": "noted"})
    request_id = answer.result["_meta"]["harriet/requestId"]
    intent, outcome = events("call.intent", "call.outcome", wanted=2)
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


def test_a_tool_of_others_and_no_tool_look_the_same_but_are_audited(dana: Client, office: Office) -> None:
    ToolPermission.objects.filter(tool__name="fail").delete()
    Tool.objects.filter(name="odd").update(is_enabled=False)
    office.changed()
    while "odd" in json.dumps(dana.request("tools/list").result):
        time.sleep(0.02)
    said = set()
    for name in ("fail", "odd", "nothing"):
        error = dana.call(name, {}).error
        assert error["code"] == -32602
        assert error["data"]["requestId"]
        said.add(error["message"].replace(name, "…"))
    assert len(said) == 1
    refused = events("call.refused", wanted=3)
    reasons = [one["reason"] for one in refused]
    assert "nobody may call it" in reasons[0]
    assert "not enabled" in reasons[1]
    assert "no tool of this name" in reasons[2]
    assert [one["tool"]["label"] for one in refused[:2]] == ["fail", "odd"]
    assert events("call.intent", wanted=0) == []


def test_a_changed_definition_is_quarantined_for_calls_too(dana: Client, office: Office, upstream: Upstream) -> None:
    Tool.objects.filter(name="echo").update(state=Tool.State.QUARANTINED)
    office.changed()
    while any(tool["name"] == "echo" for tool in dana.request("tools/list").result["tools"]):
        time.sleep(0.02)
    assert dana.call("echo", {"text": "x"}).error["code"] == -32602
    assert upstream.calls == []


def test_arguments_that_do_not_fit_are_told_to_the_model_and_never_sent(dana: Client, upstream: Upstream) -> None:
    for arguments in ({"text": 7}, {"text": "x", "more": 1}):
        result = dana.call("echo", arguments).result
        assert result["isError"] is True
        assert "schema" in result["content"][0]["text"]
        assert "harriet/requestId" in result["_meta"]
    assert dana.request("tools/call", {"name": "echo", "arguments": []}).error["code"] == -32602
    assert dana.request("tools/call", {"arguments": {}}).error["code"] == -32602
    assert upstream.calls == []
    assert len(events("call.refused", wanted=2)) == 2


def test_a_schema_may_not_fetch_anything(gateway: Gateway, office: Office, dana: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.2)
        where = f"http://127.0.0.1:{trap.getsockname()[1]}/schema"
        definition = {"name": "fetching", "inputSchema": {"type": "object", "properties": {"x": {"$ref": where}}}}
        tools(office.crm, office.cast.sales, [definition])
        office.changed()
        answer = None
        while answer is None or "error" in answer.json:
            answer = dana.call("fetching", {"x": 1})
        assert answer.result["isError"] is True
        with pytest.raises(TimeoutError):
            trap.accept()


FORMS = ["raw", "hex", "HEX", "base64-0", "base64-1", "base64-2", "base64url", "url", "nested"]


@pytest.mark.parametrize("form", FORMS)
def test_the_secret_is_redacted_in_every_encoding(dana: Client, modern_dana: ModernClient, form: str) -> None:
    from .upstream import leaked

    for client in (dana, modern_dana):
        answer = client.call("leak", {"form": form})
        assert "[redacted]" in answer.text
        body = answer.body.decode()
        assert leaked(f"Bearer {SECRET}", form) not in body
        assert SECRET not in body
        assert "[redacted]" in json.dumps(answer.result["structuredContent"])
        assert "[redacted]" in answer.result["_meta"]["test/leak"]
    assert events("call.outcome", wanted=2)[0]["details"]["redacted"] >= 3


def test_the_servers_errors_are_passed_on_without_secrets(dana: Client, modern_dana: ModernClient) -> None:
    for client in (dana, modern_dana):
        for code, told in ((-32602, -32602), (4711, 4711), (-32001, -32603), (-32022, -32603)):
            error = client.call("refuse", {"code": code}).error
            assert error["code"] == told
            assert "[redacted]" in error["message"]
            assert SECRET not in error["message"]
    assert {one["outcome"] for one in events("call.outcome", wanted=8)} == {"error"}


def test_a_tools_own_error_is_passed_on_and_noted(dana: Client) -> None:
    assert dana.call("fail").result["isError"] is True
    assert events("call.outcome")[0]["outcome"] == "error"


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


def hang_up(client: Client, arguments: dict[str, Any]) -> None:
    """Sends a call and goes away before it is answered."""
    message = client.message("tools/call", {"name": "slow", "arguments": arguments})
    body = json.dumps(message).encode()
    head = [f"POST {client.path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in client.headers(message).items()]
    with socket.create_connection(("127.0.0.1", client.gateway.port)) as connection:
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        time.sleep(0.4)


def test_a_modern_client_that_leaves_cancels_its_call(modern_dana: ModernClient, upstream: Upstream) -> None:
    hang_up(modern_dana, {"ms": 3000, "text": "left"})
    assert events("call.outcome")[0]["outcome"] == "cancelled"
    time.sleep(0.3)
    assert any("cancelled" in entry for entry in upstream.seen)
    assert not any("finished" in entry for entry in upstream.seen)


def test_a_legacy_client_that_leaves_does_not(dana: Client, upstream: Upstream) -> None:
    hang_up(dana, {"ms": 1500, "text": "left"})
    assert events("call.outcome")[0]["outcome"] == "ok"
    assert any("finished" in entry for entry in upstream.seen)


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["same process", "another process"])
def test_a_legacy_client_cancels_with_a_notification(
    dana: Client, second_gateway: Gateway, office: Office, upstream: Upstream, is_elsewhere: bool
) -> None:
    waiting = threading.Thread(target=dana.call, args=("slow", {"ms": 8000}))
    waiting.start()
    while not upstream.calls:
        time.sleep(0.02)
    other = Client(second_gateway, office.token).until(200) if is_elsewhere else dana
    rpc_id = 0
    while rpc_id < 30 and waiting.is_alive():
        rpc_id += 1
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": rpc_id}}
        assert other.post(json.dumps(note).encode(), other.headers(note)).status == 202
        waiting.join(0.1)
    waiting.join(3)
    assert not waiting.is_alive()
    assert events("call.outcome")[0]["outcome"] == "cancelled"
    assert any("cancelled" in entry for entry in upstream.seen)


def test_calls_pause_while_a_server_is_down_and_resume_by_themselves(gateway: Gateway, committed_cast: Any) -> None:
    from .processes import Upstream as Server

    server = Server()
    office = Office(committed_cast, server.mcp)
    dana = Client(gateway, office.token).until(200)
    server.wait()
    try:
        assert dana.call("echo", {"text": "up"}).text == "up"
    finally:
        server.stop()
    down = dana.call("echo", {"text": "down?"}).result
    assert down["isError"] is True
    wait_for(lambda: Connector.objects.get().health == Connector.Health.DOWN)
    paused = dana.call("echo", {"text": "paused"}).result["content"][0]["text"]
    while "pause" not in paused:
        paused = dana.call("echo", {"text": "paused"}).result["content"][0]["text"]
    assert "by itself" in paused
    back = Server.__new__(Server)
    back.__dict__.update(server.__dict__)
    restart(back)
    try:
        wait_for(lambda: dana.call("echo", {"text": "again"}).text == "again", seconds=8)
        wait_for(lambda: Connector.objects.get().health == Connector.Health.UP)
    finally:
        back.stop()


def restart(server: Upstream) -> None:
    """On the same port as before."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "uvicorn", "tests.gateway.upstream:app", "--port", str(server.port)]
    server.child = subprocess.Popen([*command, "--log-level", "warning"], start_new_session=True)
    server.wait()


def wait_for(condition: Any, seconds: float = 4) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_was_used_last_is_noted_without_moving_the_version(dana: Client, office: Office) -> None:
    office.cast.acme.refresh_from_db()
    before = office.cast.acme.version.number
    dana.call("echo", {"text": "x"})
    wait_for(lambda: AccessToken.objects.get().last_seen_at is not None, seconds=6)
    assert Device.objects.get().last_seen_at is not None
    assert Tool.objects.get(name="echo").last_called_at is not None
    office.cast.acme.version.refresh_from_db()
    assert office.cast.acme.version.number == before


def test_another_organizations_connector_of_the_same_name_stays_apart(
    gateway: Gateway, office: Office, dana: Client, upstream: Upstream
) -> None:
    """Globex has the same connector and tool names; Acme's caller reaches Acme's server with Acme's secret alone."""
    globex = office.cast.globex
    crm = connector(globex, "http://127.0.0.1:9/mcp")
    tools(crm, None)
    profile(globex, crm, groups=[])
    assert dana.call("echo", {"text": "mine"}).text == "mine"
    assert ToolVersion.objects.filter(digest=digest(ToolVersion.objects.first().definition)).exists()
    assert {event["organization"] for event in events("call.intent")} == {str(office.cast.acme.id)}
