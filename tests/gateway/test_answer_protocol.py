"""Both protocol eras by hand: the per-request rule, the headers, the codes and the status of each refusal."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.stage.clients import MODERN, Client, ModernClient
from tests.stage.connectors import connector, tools
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.profiles import profile
from tests.stage.tokens import device_token


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


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_a_legacy_client_is_answered_in_its_own_revision(dana: Client, version: str) -> None:
    answer = dana.request("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "x"}})
    assert answer.status == 200
    assert answer.result["protocolVersion"] == version
    assert answer.result["capabilities"]["tools"] == {"listChanged": True}
    assert answer.headers["mcp-session-id"].isascii()


def test_an_unknown_revision_is_answered_with_the_newest_of_its_era(dana: Client) -> None:
    assert dana.request("initialize", {"protocolVersion": "1999-01-01"}).result["protocolVersion"] == "2025-11-25"


def test_ping_notifications_and_other_verbs(dana: Client) -> None:
    assert dana.request("ping").result == {}
    note = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()
    headers = dana.headers({"method": ""})
    answer = dana.post(note, headers)
    assert (answer.status, answer.body) == (202, b"")
    for verb in ("GET", "DELETE", "PUT", "OPTIONS"):
        refused = dana.gateway.send(verb, dana.path, b"", headers)
        assert (refused.status, refused.headers["allow"]) == (405, "POST")


def test_every_tool_is_listed_with_its_pinned_definition(dana: Client, modern_dana: ModernClient) -> None:
    listed = dana.request("tools/list").result["tools"]
    assert [tool["name"] for tool in listed] == sorted(tool["name"] for tool in listed)
    assert next(tool for tool in listed if tool["name"] == "region")["inputSchema"]["properties"]["region"] == {
        "type": "string",
        "x-mcp-header": "Region",
    }
    modern = modern_dana.request("tools/list").result
    assert modern["tools"] == listed
    assert (modern["resultType"], modern["cacheScope"]) == ("complete", "private")
    assert modern["ttlMs"] >= 0
    assert modern["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "harriet"


def test_a_modern_client_discovers_and_calls(modern_dana: ModernClient) -> None:
    found = modern_dana.request("server/discover").result
    assert found["supportedVersions"][0] == MODERN
    assert found["resultType"] == "complete"
    called = modern_dana.call("echo", {"text": "hello"})
    assert (called.status, called.text, called.result["resultType"]) == (200, "hello", "complete")
    assert "harriet/requestId" in called.result["_meta"]


@pytest.mark.parametrize("method", ["initialize", "ping", "logging/setLevel", "resources/subscribe", "nonsense"])
def test_what_the_modern_era_lacks_is_404_with_the_id(modern_dana: ModernClient, method: str) -> None:
    answer = modern_dana.request(method)
    assert (answer.status, answer.error["code"]) == (404, -32601)
    assert isinstance(answer.json["id"], int)


def test_an_unknown_method_of_the_legacy_era_is_an_error_with_status_200(dana: Client) -> None:
    answer = dana.request("sampling/createMessage")
    assert (answer.status, answer.error["code"]) == (200, -32601)


def without(*path: str) -> Any:
    def change(message: dict[str, Any]) -> dict[str, Any]:
        target = message
        for part in path[:-1]:
            target = target[part]
        del target[path[-1]]
        return message

    return change


VERSION = "io.modelcontextprotocol/protocolVersion"
LADDER = {
    "no _meta": (without("params", "_meta"), {}, -32602),
    "no version in _meta": (without("params", "_meta", VERSION), {}, -32602),
    "no capabilities": (without("params", "_meta", "io.modelcontextprotocol/clientCapabilities"), {}, -32602),
    "other version in the header": (lambda m: m, {"mcp-protocol-version": "2027-01-01"}, -32020),
    "no method header": (lambda m: m, {"mcp-method": None}, -32020),
    "other method": (lambda m: m, {"mcp-method": "tools/list"}, -32020),
    "no name header": (lambda m: m, {"mcp-name": None}, -32020),
    "other name": (lambda m: m, {"mcp-name": "slow"}, -32020),
    "name in other letters": (lambda m: m, {"mcp-name": "Echo"}, -32020),
    "broken base64 name": (lambda m: m, {"mcp-name": "=?base64?!?="}, -32020),
}


@pytest.mark.parametrize("case", LADDER)
def test_the_modern_ladder_refuses_with_400(modern_dana: ModernClient, case: str) -> None:
    change, other, code = LADDER[case]
    message = modern_dana.message("tools/call", {"name": "echo", "arguments": {"text": "x"}})
    headers = modern_dana.headers(message) | other
    message = change(json.loads(json.dumps(message)))
    kept = {name: value for name, value in headers.items() if value is not None}
    answer = modern_dana.post(json.dumps(message).encode(), kept)
    assert (answer.status, answer.error["code"]) == (400, code)
    assert answer.json["id"] == message["id"]


def test_an_unsupported_version_names_what_works(modern_dana: ModernClient) -> None:
    message = modern_dana.message("tools/list")
    message["params"]["_meta"][VERSION] = "2030-01-01"
    headers = modern_dana.headers(message) | {"mcp-protocol-version": "2030-01-01"}
    answer = modern_dana.post(json.dumps(message).encode(), headers)
    assert (answer.status, answer.error["code"]) == (400, -32022)
    assert answer.error["data"]["requested"] == "2030-01-01"
    assert MODERN in answer.error["data"]["supported"]


@pytest.mark.parametrize("twice", ["mcp-protocol-version", "mcp-method", "mcp-name"])
def test_a_routing_header_sent_twice_is_a_mismatch(modern_dana: ModernClient, twice: str) -> None:
    message = modern_dana.message("tools/call", {"name": "echo", "arguments": {}})
    headers = list(modern_dana.headers(message).items())
    headers.append((twice, dict(headers)[twice]))
    answer = modern_dana.post(json.dumps(message).encode(), headers)
    assert (answer.status, answer.error["code"]) == (400, -32020)


def test_a_name_may_come_as_base64(modern_dana: ModernClient) -> None:
    message = modern_dana.message("tools/call", {"name": "echo", "arguments": {"text": "x"}})
    encoded = base64.b64encode(b"echo").decode()
    headers = modern_dana.headers(message) | {"mcp-name": f"=?base64?{encoded}?="}
    assert modern_dana.post(json.dumps(message).encode(), headers).text == "x"


def test_mirrored_arguments_must_equal_their_headers(modern_dana: ModernClient) -> None:
    message = modern_dana.message("tools/call", {"name": "region", "arguments": {"region": "eu"}})
    headers = modern_dana.headers(message)
    body = json.dumps(message).encode()
    assert modern_dana.post(body, headers | {"mcp-param-region": "eu"}).status == 200
    for wrong in ({}, {"mcp-param-region": "us"}):
        answer = modern_dana.post(body, headers | wrong)
        assert (answer.status, answer.error["code"]) == (400, -32020)


def test_the_era_is_the_version_headers_alone(dana: Client) -> None:
    """mcp-remote sends Mcp-Method with legacy traffic, and relays modern requests beside it."""
    message = dana.message("initialize", {"protocolVersion": "2025-06-18"})
    headers = dana.headers(message) | {"mcp-method": "initialize"}
    del headers["mcp-protocol-version"]
    assert dana.post(json.dumps(message).encode(), headers).result["protocolVersion"] == "2025-06-18"


def test_batches_exist_in_one_revision_only(dana: Client) -> None:
    batch = [
        dana.message("ping"),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        dana.message("tools/call", {"name": "echo", "arguments": {"text": "in a batch"}}),
        dana.message("nonsense"),
    ]
    body = json.dumps(batch).encode()
    headers = dana.headers({}) | {"mcp-protocol-version": "2025-03-26"}
    answers = json.loads(dana.post(body, headers).body)
    assert [one["id"] for one in answers] == [batch[0]["id"], batch[2]["id"], batch[3]["id"]]
    assert answers[1]["result"]["content"][0]["text"] == "in a batch"
    for version in ("2025-06-18", "2025-11-25", MODERN):
        answer = dana.post(body, headers | {"mcp-protocol-version": version})
        assert (answer.status, answer.error["code"]) == (400, -32600)
    with_initialize = json.dumps([dana.message("initialize", {"protocolVersion": "2025-03-26"})]).encode()
    assert dana.post(with_initialize, headers).status == 400


BAD_BODIES = {
    "not JSON": (b"{", -32700),
    "not UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700),
    "a name twice": (b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', -32700),
    "a name twice, deep": (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a","text":"b"}}}',
        -32700,
    ),
    "NaN": (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":NaN}}}',
        -32700,
    ),
    "1e400": (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1e400}}', -32700),
    "half a surrogate pair": (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\\ud800"}}', -32700),
    "too deep": (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b'{"x":' * 70 + b"1" + b"}" * 71, -32700),
    "no version": (b'{"id":1,"method":"ping"}', -32600),
    "a fractional id": (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
    "a null id": (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
    "a list of params": (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600),
    "no method": (b'{"jsonrpc":"2.0","id":1}', -32600),
    "a bare string": (b'"ping"', -32600),
    "an empty batch": (b"[]", -32600),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_body_with_no_single_meaning_is_refused_before_anything(dana: Client, office: Office, case: str) -> None:
    body, code = BAD_BODIES[case]
    for version in ("2025-03-26", MODERN):
        answer = dana.post(body, dana.headers({}) | {"mcp-protocol-version": version})
        assert (answer.status, answer.error["code"]) == (400, code)


def test_a_body_over_the_limit_is_413(dana: Client) -> None:
    headers = dana.headers({})
    announced = dana.gateway.send("POST", dana.path, b"", headers | {"content-length": str(5 * 2**20)})
    assert announced.status == 413


@pytest.mark.parametrize("version", ["2025-11-25", MODERN])
def test_web_pages_of_other_sites_are_refused(dana: Client, version: str) -> None:
    headers = dana.headers({}) | {"mcp-protocol-version": version}
    assert dana.post(b"{}", headers | {"origin": "https://evil.example"}).status == 403
    assert dana.post(b"{}", headers | {"origin": "null"}).status == 403
    assert dana.post(b"{}", headers | {"host": "evil.example"}).status == 421
    message = json.dumps(dana.message("ping")).encode()
    allowed = headers | {"mcp-protocol-version": "2025-11-25", "origin": "http://localhost:6274"}
    assert dana.post(message, allowed).status == 200


def test_the_body_must_be_json(dana: Client) -> None:
    assert dana.post(b"{}", dana.headers({}) | {"content-type": "text/plain"}).status == 415


def test_unknown_members_and_content_types_survive(dana: Client, modern_dana: ModernClient) -> None:
    for client in (dana, modern_dana):
        answer = client.call("odd")
        assert answer.result["content"] == [{"type": "hologram", "beam": 1.5, "nested": {"x": [1, 2]}}]
        assert b'"beam": 1.5' in answer.body
        assert answer.result["futureField"] == {"kept": True}
        assert answer.result["_meta"]["test/own"] == "kept"


def test_arguments_are_sent_byte_for_byte(dana: Client, office: Office) -> None:
    arguments = b'{ "text" :"caf\\u00e9 \xe2\x98\x83 1.0" }'
    body = b'{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"echo","arguments":' + arguments + b"}}"
    assert dana.post(body, dana.headers({})).text == "café ☃ 1.0"


def test_the_list_is_paginated_with_opaque_cursors(gateway: Gateway, office: Office) -> None:
    other = connector(office.cast.acme, office.crm.url, slug="many")
    tools(other, office.cast.sales, [{"name": f"many_{n:03}", "inputSchema": {"type": "object"}} for n in range(450)])
    profile(office.cast.acme, other, groups=[office.cast.sales], slug="many")
    dana = Client(gateway, office.token, "/mcp/acme/many").until(200)
    names: list[str] = []
    params: dict[str, Any] = {}
    while True:
        result = dana.request("tools/list", params).result
        names += [tool["name"] for tool in result["tools"]]
        if "nextCursor" not in result:
            break
        params = {"cursor": result["nextCursor"]}
    assert names == [f"many_{n:03}" for n in range(450)]
    for wrong in ("", "nonsense", base64.b64encode(b"before:x").decode()):
        assert dana.request("tools/list", {"cursor": wrong}).error["code"] == -32602


def test_a_client_without_tools_is_told_why(gateway: Gateway, office: Office) -> None:
    for_alice = profile(office.cast.acme, office.crm, groups=[], slug="for-alice")
    for_alice.people.add(office.cast.alice.memberships.get())
    token = device_token(office.cast.acme, office.cast.alice)
    path = "/mcp/acme/for-alice"
    alice = Client(gateway, token, path).until(200)
    said = alice.request("initialize", {"protocolVersion": "2025-11-25"}).result["instructions"]
    assert "You see no tools" in said
    assert "Sales" in said
    assert alice.request("tools/list").result["tools"] == []
    assert ModernClient(gateway, token, path).request("server/discover").result["instructions"] == said
