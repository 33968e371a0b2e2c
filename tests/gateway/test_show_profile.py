"""How a profile shows what it offers: few tools that find the others, and addresses that say whose they are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.models import Tool
from harriet.gateway.steps.uris import rewritten
from tests.servers import asking
from tests.stage.cast import Cast
from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import connector, tools
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Gateway, Process
from tests.stage.waiting import wait_for


@pytest.fixture
def progressive(office: Office, dana: Client) -> Client:
    office.work.is_progressive = True
    office.work.save()
    office.wait_until_known(dana.gateway)
    return dana


def names(answer: Any) -> list[str]:
    return [tool["name"] for tool in answer.result["structuredContent"]["tools"]]


def test_two_tools_stand_for_all(progressive: Client, modern_dana: ModernClient, office: Office) -> None:
    for client in (progressive, modern_dana):
        listed = client.request("tools/list").result["tools"]
        assert [tool["name"] for tool in listed] == ["search_tools", "call_tool"]
        found = client.call("search_tools", {"query": "does echo please"})
        assert names(found)[0] == "echo"
        assert json.loads(found.text)["total"] >= 1
        answer = client.call("call_tool", {"name": "echo", "arguments": {"text": "found"}})
        assert answer.text == "found"
        assert names(client.call("search_tools", {"query": "zeppelin"})) == []


def test_what_is_found_passes_the_same_gate(progressive: Client, office: Office) -> None:
    office.tools["slow"].permissions.all().delete()
    office.wait_until_known(progressive.gateway)
    assert "slow" not in names(progressive.call("search_tools", {"query": "slow"}))
    refused = progressive.call("call_tool", {"name": "slow", "arguments": {}}).error
    assert refused["code"] == -32602
    (event,) = Log(office.cast.acme.id).events("call.refused", wanted=1)
    assert event["tool"]["label"] == "slow"
    office.checks_arguments()
    wait_for(lambda: "error" not in progressive.call("call_tool", {"name": "echo", "arguments": {}}).json)
    wait_for(lambda: "isError" in progressive.call("call_tool", {"name": "echo", "arguments": {"x": 1}}).result)
    assert "fit the tool's schema" in progressive.call("call_tool", {"name": "echo", "arguments": {"x": 1}}).text
    for nonsense in ({"name": "call_tool"}, {"name": 3}, {"arguments": {}}):
        assert progressive.call("call_tool", nonsense).error["code"] == -32602


@pytest.fixture(scope="module")
def _notes(logs: Path) -> Iterator[Process]:
    command = [sys.executable, "-m", "uvicorn", "tests.servers.asking:app", "--port", "{port}", "--lifespan", "off"]
    process = Process([*command, "--log-level", "warning"], ready="/log", log=logs / "notes.log", UPSTREAM_ERA="modern")
    process.wait()
    yield process
    process.stop()


def test_addresses_say_whose_they_are(committed_cast: Cast, _notes: Process, gateway: Gateway) -> None:
    """Two servers with the same addresses, in a profile with prefixes."""
    office = Office(committed_cast, f"{_notes.url}/mcp", era="modern", definitions=asking.TOOLS)
    other = connector(committed_cast.acme, f"{_notes.url}/mcp", slug="wiki", era="modern")
    office.work.connectors.add(other)
    office.work.has_prefix = True
    office.work.save()
    for one in (office.crm, other):
        one.capabilities = asking.CAPABILITIES
        one.save()
        tools(one, committed_cast.sales, [{"name": "resources"}], kind=Tool.Kind.RESOURCES)
    office.changed()
    dana = Client(gateway, office.token).until(200)

    def listed() -> list[str]:
        return [one["uri"] for one in dana.request("resources/list").result["resources"]]

    wait_for(lambda: len(listed()) == 4)
    assert listed() == ["crm+note://one", "crm+note://two", "wiki+note://one", "wiki+note://two"]
    templates = [one["uriTemplate"] for one in dana.request("resources/templates/list").result["resourceTemplates"]]
    assert templates == ["crm+note://by/{name}", "wiki+note://by/{name}"]
    read = dana.request("resources/read", {"uri": "wiki+note://by/me"}).result["contents"]
    assert read == [{"uri": "wiki+note://by/me", "text": "the text of note://by/me"}]
    for wrong in ("note://one", "else+note://one"):
        assert dana.request("resources/read", {"uri": wrong}).error["data"]["uri"] == wrong


def test_links_in_results_are_renamed_and_nothing_else() -> None:
    content = [
        {"type": "text", "text": "see note://one", "uri": "note://one"},
        {"type": "resource_link", "uri": "note://one", "name": "One"},
        {"type": "resource", "resource": {"uri": "note://two", "text": "x", "n": 1}},
    ]
    raw = json.dumps([*content, {"role": "user", "content": content[1]}]).encode()
    changed = json.loads(rewritten(raw, lambda uri: f"crm+{uri}"))
    assert changed[0] == content[0]
    assert changed[1]["uri"] == "crm+note://one"
    assert changed[2]["resource"] == {"uri": "crm+note://two", "text": "x", "n": 1}
    assert changed[3]["content"]["uri"] == "crm+note://one"
