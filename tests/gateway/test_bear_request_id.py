"""Whatever is wrong with a request, its error bears the request's id, so that the client knows which one failed."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

import pytest

from tests.stage.clients import META, MODERN, Client
from tests.stage.office import Office
from tests.stage.processes import Gateway

VERSIONS = ("", "2025-03-26", "2025-11-25", MODERN, "2030-01-01", "née")


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture
def dana(_gateway: Gateway, office: Office) -> Client:
    return Client(_gateway, office.token)


def refused(dana: Client, body: bytes, version: str = "2025-11-25") -> tuple[int, dict[str, Any]]:
    headers = {**dana.headers({}), "mcp-protocol-version": version}
    if not version:
        del headers["mcp-protocol-version"]
    answer = dana.post(body, [(name, value.encode("latin-1")) for name, value in headers.items()])  # type: ignore[misc]
    assert "error" in answer.json, answer.json
    return answer.status, answer.json


def test_initialize_without_a_revision(dana: Client) -> None:
    for params in ({}, {"protocolVersion": None}, {"protocolVersion": 5}):
        body = {"jsonrpc": "2.0", "id": "begin", "method": "initialize", "params": params}
        status, said = refused(dana, json.dumps(body).encode(), "")
        assert (status, said["id"], said["error"]["code"]) == (400, "begin", -32602)
        assert "protocolVersion" in said["error"]["message"]


@pytest.mark.parametrize("version", ["2030-01-01", "1", "2025-11-25x", "draft", "2025-11-25, 2025-06-18"])
def test_an_unknown_version_header_is_named(dana: Client, version: str) -> None:
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    for method in ("initialize", "ping", "tools/list"):
        body = {"jsonrpc": "2.0", "id": 4, "method": method, "params": params}
        status, said = refused(dana, json.dumps(body).encode(), version)
        assert (status, said["id"], said["error"]["code"]) == (400, 4, -32022)
        assert "MCP-Protocol-Version" in said["error"]["message"]
        assert version in said["error"]["message"]
        assert "2025-11-25" in said["error"]["data"]["supported"]


@pytest.mark.parametrize("versions", [("2025-11-25", MODERN), (MODERN, "2025-11-25"), ("2025-11-25", "2025-11-25")])
def test_two_version_headers_are_refused(dana: Client, versions: tuple[str, str]) -> None:
    headers = [pair for pair in dana.headers({}).items() if pair[0] != "mcp-protocol-version"]
    headers += [("mcp-protocol-version", version) for version in versions]
    answer = dana.post(b'{"jsonrpc":"2.0","id":8,"method":"ping"}', headers)
    assert (answer.status, answer.json["id"]) == (400, 8)
    assert "MCP-Protocol-Version" in answer.error["message"]


BAD = {
    "other version of JSON-RPC": b'{"jsonrpc":"1.0","id":%b,"method":"ping"}',
    "no version of JSON-RPC": b'{"id":%b,"method":"ping"}',
    "method is a number": b'{"jsonrpc":"2.0","id":%b,"method":5}',
    "no name": b'{"jsonrpc":"2.0","id":%b,"method":""}',
    "params are a list": b'{"jsonrpc":"2.0","id":%b,"method":"ping","params":[1]}',
    "a name twice": b'{"jsonrpc":"2.0","id":%b,"method":"ping","params":{"id":1,"id":2}}',
    "a number beyond all": b'{"jsonrpc":"2.0","id":%b,"method":"ping","params":{"v":1e400}}',
    "half a surrogate": b'{"jsonrpc":"2.0","id":%b,"method":"ping","params":{"v":"\\ud83d"}}',
    "too deep": b'{"jsonrpc":"2.0","id":%b,"method":"ping","params":{"v":' + b"[" * 100 + b"]" * 100 + b"}}",
    "id last": b'{"jsonrpc":"1.0","method":"ping","params":{"id":77},"id":%b}',
    "arguments are text": b'{"jsonrpc":"2.0","id":%b,"method":"tools/call","params":{"name":"echo","arguments":"x"}}',
    "no such method": b'{"jsonrpc":"2.0","id":%b,"method":"no/such"}',
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("rpc_id", [b"5", b'"five"', b'"\\u0035"', b"123456789012345678901234567890", b'""', b"-0"])
def test_what_can_be_read_is_repeated(dana: Client, case: str, rpc_id: bytes) -> None:
    for version in ("2025-11-25", MODERN):
        _, said = refused(dana, BAD[case] % rpc_id, version)
        assert said["id"] == json.loads(rpc_id), (version, said)


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc":"2.0","id":5,"method":"ping"',
        b'{"jsonrpc":"2.0","id":5,"id":6,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":null,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":true,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":"\\ud83d","method":"ping"}',
        b'{"jsonrpc":"2.0","id":{"id":5},"method":"ping"}',
        b'{"jsonrpc":"2.0","id":5,"method":"ping","params":' + b"[" * 100_000,
        b"\xff\xfe{",
        b"",
        b"5",
        b"null",
    ],
    ids=range(12),
)
def test_what_can_not_be_read_is_null(dana: Client, body: bytes) -> None:
    for version in ("2025-11-25", MODERN):
        status, said = refused(dana, body, version)
        assert (status, said["id"]) == (400, None)


def test_each_bad_message_of_a_batch_is_refused_for_itself(dana: Client) -> None:
    good = {"jsonrpc": "2.0", "method": "ping"}
    batch = [{**good, "id": 1}, {"id": 2, "method": "ping"}, 5, {**good, "id": 3, "params": [1]}, {**good, "id": "4"}]
    headers = dana.headers({}) | {"mcp-protocol-version": "2025-03-26"}
    answers = json.loads(dana.post(json.dumps(batch).encode(), headers).body)
    assert [answer["id"] for answer in answers] == [1, 2, None, 3, "4"]
    assert ["result" in answer for answer in answers] == [True, False, False, False, True]


def mutated(dice: random.Random, message: dict[str, Any]) -> dict[str, Any]:
    """The same message with one member replaced, added or gone; its id stays."""
    values = (None, True, -1, 10**30, 1.5, "", "x" * 300, "\x00", [], [[]], {}, {"_meta": []}, "2025-11-25", MODERN)
    target: dict[str, Any] = message
    while True:
        inner = [value for name, value in target.items() if isinstance(value, dict)]
        if not inner or dice.random() < 0.4:
            break
        target = dice.choice(inner)
    names = [name for name in target if target is not message or name not in ("id", "jsonrpc")]
    name = dice.choice([*names, "surprise"])
    if dice.random() < 0.2:
        target.pop(name, None)
    else:
        target[name] = dice.choice(values)
    return message


def test_any_request_is_answered_with_its_id(dana: Client) -> None:
    """Requests of every kind with something wrong in them, in every revision. No 500, and never another's id."""
    dice = random.Random(7)
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x"}}),
        ("tools/call", {"name": "echo", "arguments": {"text": "x"}}),
        ("tools/list", {"cursor": "x"}),
        ("resources/read", {"uri": "x://y"}),
        ("prompts/get", {"name": "x", "arguments": {}}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": "b"}}),
        ("logging/setLevel", {"level": "info"}),
        ("resources/subscribe", {"uri": "x://y"}),
        ("server/discover", {}),
        ("ping", {}),
    ]
    for number in range(400):
        method, params = json.loads(json.dumps(dice.choice(kinds)))
        rpc_id = dice.choice([number, f"n{number}", -number])
        message = {"jsonrpc": "2.0", "id": rpc_id, "method": method, "params": {**params, "_meta": deepcopy(META)}}
        body = json.dumps(mutated(dice, mutated(dice, message))).encode()
        headers = {**dana.headers({}), "mcp-method": method, "mcp-name": "echo"}
        headers["mcp-protocol-version"] = dice.choice(VERSIONS[1:-1])
        answer = dana.post(body, headers)
        assert answer.status < 500 or answer.status == 503, (body, answer.body)
        if "method" in message or "result" in message:
            assert answer.status == 202 or answer.json["id"] == rpc_id, (body, answer.body)
