"""What leaves of a held call is what its ticket shows, byte for byte, whoever runs it: the rest of what the client sent
stays here."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from django.db import transaction

from approvals.actions.approve_action import approve_action
from approvals.models import PendingAction
from approvals.pages.card import card_of
from connectors.models import Tool
from harriet.gateway.tasks import run_approved_action
from harriet.people.actors import actor_of
from tests.gateway.test_hold_call import Waiting, hold_for, the_action
from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import tools
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway, Upstream

pytestmark = pytest.mark.django_db(transaction=True)

OWN = {"com.example/recipient": "IBAN 12", "amount": 1000000, "note": {"z": 1, "a": "ü"}}
SHOWN = '{"amount":1000000,"com.example/recipient":"IBAN 12","note":{"a":"ü","z":1}}'
OF_THE_REQUEST = {
    "progressToken": "canary-progress",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "canary=1",
    "baggage": "canary=2",
    "claudecode/toolUseId": "canary-tool-use",
    "vscode.requestId": "canary-request",
    "openai/session": "canary-session",
    "harriet/person": "canary-person",
    "io.modelcontextprotocol/related-task": {"taskId": "canary-task"},
}
CAPABILITIES = {"elicitation": {"canary": "capability"}, "sampling": {}, "roots": {}}


class Talkative(Client):
    """A handshake-era client with a session, which says as much of itself as it can."""

    def __init__(self, gateway: Gateway, token: str) -> None:
        super().__init__(gateway, token)
        self.session = ""
        info = {"name": "canary-client", "version": "9"}
        hello = {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "clientInfo": info}
        self.session = self.request("initialize", hello).headers["mcp-session-id"]
        self.request("logging/setLevel", {"level": "debug"})

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        more = {"mcp-session-id": self.session} if self.session else {}
        return {**super().headers(message), **more, "mcp-param-region": "canary-header", "traceparent": "canary"}


class TalkativeModern(ModernClient):
    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        message = super().message(method, params)
        message["params"]["_meta"] |= {
            "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
            "io.modelcontextprotocol/clientInfo": {"name": "canary-client", "version": "9"},
            "io.modelcontextprotocol/logLevel": "debug",
        }
        return message


@pytest.fixture(params=["legacy", "modern"])
def server(request: pytest.FixtureRequest) -> Upstream:
    found: Upstream = request.getfixturevalue("upstream" if request.param == "legacy" else "modern_upstream")
    return found


@pytest.fixture
def office(committed_cast: Any, server: Upstream, request: pytest.FixtureRequest) -> Office:
    with transaction.atomic():
        made = Office(committed_cast, server.mcp, era=request.node.callspec.params["server"])
        made.crm.capabilities = {"logging": {}, "tools": {}, "prompts": {}, "resources": {"subscribe": True}}
        made.crm.save()
        Tool.objects.filter(name="echo").update(requires_confirmation=True)
        hold_for(made, 1)
    return made


def approved(office: Office) -> PendingAction:
    action = the_action()
    approve_action(action, actor=actor_of(office.cast.bob))
    return action


def run_by_holder(client: Client, office: Office) -> Answer:
    hold_for(office, 120, client.gateway)
    waiting = Waiting(lambda: client.call("echo", {"text": "grüße"}, **OWN, **OF_THE_REQUEST))
    approved(office)
    return waiting.answer


def run_by_worker(client: Client, office: Office) -> None:
    hold_for(office, 0, client.gateway)
    client.call("echo", {"text": "grüße"}, **OWN, **{**OF_THE_REQUEST, "progressToken": "canary-other"})
    run_approved_action(str(approved(office).id))


def as_sent(entry: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Body and headers without what the two ends count: the id of the message, and the server's own session id."""
    body = re.sub(r',"id":\d+}$', "}", entry["raw"])
    return body, {name: value for name, value in entry["headers"].items() if name != "mcp-session-id"}


@pytest.mark.parametrize("era", [Talkative, TalkativeModern])
def test_holder_and_worker_send_the_same_bytes_which_the_ticket_shows(
    office: Office, dana: Client, server: Upstream, era: type[Client]
) -> None:
    client = era(dana.gateway, dana.token)
    server.forget()
    assert run_by_holder(client, office).text == "grüße"
    run_by_worker(client, office)
    first, second = (as_sent(entry) for entry in server.calls)
    for _, headers in (first, second):
        headers.pop("content-length")  # the id's digits count
    assert first == second
    params = json.loads(first[0])["params"]
    for action in PendingAction.objects.all():
        card = card_of(action)
        assert (card.raw, card.raw_meta) == ('{"text": "gr\\u00fc\\u00dfe"}', SHOWN)
        of_the_connection = [key for key in params["_meta"] if key.startswith("io.modelcontextprotocol/")]
        assert {key: value for key, value in params["_meta"].items() if key not in of_the_connection} == card.meta
        assert params["arguments"] == card.arguments
    assert SHOWN[1:-1] in first[0]
    assert "canary" not in json.dumps(server.seen)


def test_a_repeated_call_with_a_meta_of_its_own_is_another_call(office: Office, dana: Client, server: Upstream) -> None:
    dana.call("echo", {"text": "pay"})
    action = approved(office)
    other = dana.call("echo", {"text": "pay"}, amount=1000000)
    assert "ticket #2" in other.text
    run_approved_action(str(action.id))
    assert ["amount" in entry["raw"] for entry in server.calls] == [False]
    assert dana.call("echo", {"text": "pay"}).text == "pay"


def test_the_same_call_of_another_request_collects(office: Office, dana: Client, server: Upstream) -> None:
    dana.call("echo", {"text": "once"}, progressToken=1, **{"vscode.requestId": "a", "claudecode/toolUseId": "x"})
    run_approved_action(str(approved(office).id))
    again = dana.call("echo", {"text": "once"}, progressToken=2, **{"vscode.requestId": "b", "openai/session": "y"})
    assert again.text == "once"
    assert len(server.calls) == 1


def test_keys_that_speak_for_the_connection_or_for_harriet_do_not_pass(
    office: Office, dana: Client, server: Upstream
) -> None:
    """Of calls that nobody holds, either."""
    mine = {"com.example/own": "kept", "plain": 1, "mcpish/x": 2}
    theirs = {
        "harriet/person": "alice",
        "Harriet/Organization": "globex",
        "io.modelcontextprotocol/clientInfo": {"name": "admin"},
        "com.mcp.tools/trust": True,
        "modelcontextprotocol.io/scope": "all",
    }
    dana.call("slow", {"text": "a"}, **mine, **theirs)
    meta = server.calls[-1]["message"]["params"]["_meta"]
    passed = {key: value for key, value in meta.items() if not key.startswith("io.modelcontextprotocol/")}
    assert passed == mine
    assert "admin" not in server.calls[-1]["raw"]


def test_nothing_is_completed_or_subscribed_for_what_needs_approval(
    office: Office, dana: Client, server: Upstream
) -> None:
    tools(office.crm, office.cast.sales, [{"name": "greet"}], kind=Tool.Kind.PROMPT, requires_confirmation=True)
    tools(office.crm, office.cast.sales, [{"name": "resources"}], kind=Tool.Kind.RESOURCES, requires_confirmation=True)
    hold_for(office, 0, dana.gateway)
    typed = {"argument": {"name": "to", "value": "canary"}}
    for ref in ({"type": "ref/prompt", "name": "greet"}, {"type": "ref/resource", "uri": "note:///canary"}):
        refusal = dana.request("completion/complete", {"ref": ref, **typed}).error
        assert "does not go to the server" in refusal["message"]
    client = Talkative(dana.gateway, dana.token)
    assert "approval" in client.request("resources/subscribe", {"uri": "note:///canary"}).error["message"]
    time.sleep(0.2)
    methods = {entry.get("method") for entry in server.seen}
    assert not methods & {"completion/complete", "resources/subscribe", "subscriptions/listen"}
    assert "canary" not in json.dumps(server.seen)


@pytest.mark.parametrize("era", [Client, ModernClient])
def test_a_held_prompt_or_resource_says_where_its_ticket_is(office: Office, dana: Client, era: type[Client]) -> None:
    from audit.models import Event

    tools(office.crm, office.cast.sales, [{"name": "greet"}], kind=Tool.Kind.PROMPT, requires_confirmation=True)
    hold_for(office, 0, dana.gateway)
    error = era(dana.gateway, dana.token).request("prompts/get", {"name": "greet"}).error
    assert (error["code"], error["data"]["ticket"]["number"]) == (202, 1)
    assert "waits for approval: ticket #1" in error["message"]
    time.sleep(0.3)
    assert not Event.objects.filter(code="call.refused").exists()


def test_what_went_wrong_with_an_approved_prompt_is_told_as_an_error(office: Office, dana: Client) -> None:
    """Of a tool it would be a result; no prompt has one that says so."""
    tools(office.crm, office.cast.sales, [{"name": "greet"}], kind=Tool.Kind.PROMPT, requires_confirmation=True)
    hold_for(office, 0, dana.gateway)
    dana.request("prompts/get", {"name": "greet"})
    run_approved_action(str(approved(office).id))
    assert PendingAction.objects.get().state == PendingAction.State.DONE
    error = dana.request("prompts/get", {"name": "greet"}).error
    assert (error["code"], error["data"]["ticket"]["number"]) == (-32603, 1)
    assert "no such method" in error["message"]
