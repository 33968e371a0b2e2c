"""What decides about calls changes while clients are connected: tools, definitions, servers, organizations."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from connectors.models import Connector, Tool, ToolPermission
from harriet.people.models import AccessToken, Device
from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import connector, tools
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import KEPT, Gateway, Upstream
from tests.stage.profiles import profile
from tests.stage.waiting import wait_for

if TYPE_CHECKING:
    from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(office: Office) -> Log:
    return Log(office.cast.acme.id)


def test_a_modern_server_is_called_by_clients_of_both_eras(
    gateway: Gateway, committed_cast: Cast, modern_upstream: Upstream
) -> None:
    office = Office(committed_cast, modern_upstream.mcp)
    for client in (Client(gateway, office.token).until(200), ModernClient(gateway, office.token)):
        answer = client.call("echo", {"text": "both"})
        assert answer.text == "both"
        assert ("resultType" in answer.result) == (client.era == "modern")
    call = modern_upstream.calls[0]
    assert call["headers"]["mcp-protocol-version"] == "2026-07-28"
    assert call["headers"]["mcp-name"] == "echo"


def test_a_tool_of_others_and_no_tool_look_the_same_but_are_audited(dana: Client, office: Office, log: Log) -> None:
    ToolPermission.objects.filter(tool__name="fail").delete()
    Tool.objects.filter(name="odd").update(is_enabled=False)
    office.wait_until_known(dana.gateway)
    assert "odd" not in json.dumps(dana.request("tools/list").result)
    said = set()
    for name in ("fail", "odd", "nothing"):
        error = dana.call(name, {}).error
        assert error["code"] == -32602
        assert error["data"]["requestId"]
        said.add(error["message"].replace(name, "…"))
    assert len(said) == 1
    refused = log.events("call.refused", wanted=3)
    reasons = [one["reason"] for one in refused]
    assert "nobody may call it" in reasons[0]
    assert "not enabled" in reasons[1]
    assert "no tool of this name" in reasons[2]
    assert [one["tool"]["label"] for one in refused[:2]] == ["fail", "odd"]
    assert log.events("call.intent", wanted=0) == []


def test_a_changed_definition_is_quarantined_for_calls_too(dana: Client, office: Office, upstream: Upstream) -> None:
    Tool.objects.filter(name="echo").update(state=Tool.State.QUARANTINED)
    office.wait_until_known(dana.gateway)
    assert not any(tool["name"] == "echo" for tool in dana.request("tools/list").result["tools"])
    assert dana.call("echo", {"text": "x"}).error["code"] == -32602
    assert upstream.calls == []


def test_a_schema_may_not_fetch_anything(gateway: Gateway, office: Office, dana: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.2)
        where = f"http://127.0.0.1:{trap.getsockname()[1]}/schema"
        definition = {"name": "fetching", "inputSchema": {"type": "object", "properties": {"x": {"$ref": where}}}}
        tools(office.crm, office.cast.sales, [definition])
        office.checks_arguments()
        answer = None
        while answer is None or "error" in answer.json:
            answer = dana.call("fetching", {"x": 1})
        assert "isError" not in answer.result
        with pytest.raises(TimeoutError):
            trap.accept()


def test_calls_pause_while_a_server_is_down_and_resume_by_themselves(gateway: Gateway, committed_cast: Cast) -> None:
    server = Upstream()
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
    restart(server)
    try:
        wait_for(lambda: dana.call("echo", {"text": "again"}).text == "again")
        wait_for(lambda: Connector.objects.get().health == Connector.Health.UP)
    finally:
        server.stop()


def restart(server: Upstream) -> None:
    """On the same port as before."""
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "tests.servers.upstream:app",
        "--port",
        str(server.port),
        "--timeout-keep-alive",
        KEPT,
    ]
    server.child = subprocess.Popen([*command, "--log-level", "warning"], start_new_session=True)
    server.wait()


def test_what_was_used_last_is_noted_without_moving_the_version(dana: Client, office: Office) -> None:
    office.cast.acme.refresh_from_db()
    before = office.cast.acme.version.number
    dana.call("echo", {"text": "x"})
    wait_for(lambda: Tool.objects.get(name="echo").last_called_at is not None)
    wait_for(lambda: AccessToken.objects.get().last_seen_at is not None)
    wait_for(lambda: Device.objects.get().last_seen_at is not None)
    office.cast.acme.version.refresh_from_db()
    assert office.cast.acme.version.number == before


def test_another_organizations_connector_of_the_same_name_stays_apart(
    gateway: Gateway, office: Office, dana: Client, upstream: Upstream, log: Log
) -> None:
    """Globex has the same connector and tool names; Acme's caller reaches Acme's server with Acme's secret alone."""
    globex = office.cast.globex
    crm = connector(globex, "http://127.0.0.1:9/mcp")
    tools(crm, None)
    profile(globex, crm, groups=[])
    assert dana.call("echo", {"text": "mine"}).text == "mine"
    assert {event["organization"] for event in log.events("call.intent")} == {str(office.cast.acme.id)}
