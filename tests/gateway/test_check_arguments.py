"""What arguments a server takes is its own business, unless the connector's admin wants them checked here."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from connectors.access.pinned import Pinned
from harriet.gateway.steps.schema import INPUT, OUTPUT, Schemas
from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import tools
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for

SCREENSHOT = {
    "name": "browser_take_screenshot",
    "inputSchema": {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["png", "jpeg"], "default": "png"},
            "quality": {"type": "number"},
            "fullPage": {"type": "boolean"},
        },
        "required": ["type"],
        "additionalProperties": False,
    },
}
BROKEN = {"name": "broken", "inputSchema": {"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}}
BOMB = {
    "name": "bomb",
    "inputSchema": {
        "type": "object",
        "allOf": [{"$ref": "#/$defs/d0"}],
        "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(22)} | {"d22": {}},
    },
}
TAKEN: list[dict[str, Any]] = [
    {},
    {"quality": "80", "fullPage": "true"},
    {"type": "webp"},
    {"type": None},
    {"type": "png", "fullpage": True},
    {"type": ["png"], "quality": 10**20},
]


@pytest.fixture
def shooting(gateway: Gateway, office: Office, dana: Client) -> Client:
    tools(office.crm, office.cast.sales, [SCREENSHOT, BROKEN, BOMB])
    office.wait_until_known(gateway)
    return dana


def test_a_server_decides_itself_what_it_takes(
    shooting: Client, modern_dana: ModernClient, upstream: Upstream, office: Office
) -> None:
    for client in (shooting, modern_dana):
        for arguments in TAKEN:
            upstream.forget()
            assert "isError" not in client.call("browser_take_screenshot", arguments).result
            (entry,) = upstream.calls
            assert entry["message"]["params"]["arguments"] == arguments


def test_what_has_no_single_meaning_goes_nowhere(shooting: Client, upstream: Upstream) -> None:
    message = (
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"browser_take_screenshot","arguments":%s}}'
    )
    for arguments in ("[]", '"png"', "5", '{"a":1,"a":2}', '{"a":1e400}', '{"a":"\\ud83d"}', '{"a":NaN}'):
        answer = shooting.post((message % arguments).encode(), shooting.headers(shooting.message("tools/call")))
        assert "error" in answer.json
    assert upstream.calls == []


def test_a_connector_may_ask_for_checks(shooting: Client, upstream: Upstream, office: Office) -> None:
    office.checks_arguments()
    log = Log(office.cast.acme.id)
    wait_for(lambda: "isError" in shooting.call("browser_take_screenshot", {}).result)
    upstream.forget()
    for arguments in TAKEN:
        result = shooting.call("browser_take_screenshot", arguments).result
        assert result["isError"] is True
        assert "don't fit the tool's schema" in result["content"][0]["text"]
    assert '"type" is a required property' in shooting.call("browser_take_screenshot", {}).text
    assert upstream.calls == []
    assert "isError" not in shooting.call("browser_take_screenshot", {"type": "png", "quality": 80}).result
    assert len(log.events("call.refused", wanted=len(TAKEN))) >= len(TAKEN)


def test_checks_that_are_asked_for_refuse_what_they_can_judge(
    shooting: Client, upstream: Upstream, office: Office
) -> None:
    """A schema that can't be compiled refuses nothing; a value too large for its schema can't be judged."""
    office.checks_arguments()
    wait_for(lambda: "isError" in shooting.call("browser_take_screenshot", {}).result)
    assert "isError" not in shooting.call("broken", {"a": 1}).result
    refused = shooting.call("bomb", {"a": 1}).result
    assert refused["isError"] is True
    assert "can't be checked" in refused["content"][0]["text"]


def pinned(definition: dict[str, Any]) -> Pinned:
    raw = json.dumps(definition).encode()
    return Pinned(raw[:32], raw)


async def test_a_schema_is_compiled_once_beside_the_loop_and_so_is_one_that_cannot_be() -> None:
    large = {f"p{number}": {"type": "string", "pattern": "^[a-z]{1,20}$"} for number in range(2_000)}
    schemas = Schemas()
    try:
        for schema in ({"type": "object", "properties": large}, BOMB["inputSchema"], {"type": "objekt"}, None, 5):
            definition = pinned({"name": "n", "outputSchema": schema, "more": str(schema)[:40]})
            turns = 0
            waiting = asyncio.gather(*(schemas.checker(definition, OUTPUT) for _ in range(8)))
            while not waiting.done():
                turns += 1
                await asyncio.sleep(0)
            found = await waiting
            assert turns > 1
            assert all(one is found[0] for one in found)
            assert await schemas.checker(definition, OUTPUT) is found[0]
        assert (await schemas.checker(definition, INPUT)).check({"a": 1}, 7).fits is True
    finally:
        schemas.close()


async def test_compiled_schemas_are_given_up_before_they_fill_the_memory() -> None:
    schemas = Schemas()
    try:
        every = [pinned({"name": str(number), "inputSchema": {"type": "object"}}) for number in range(4_100)]
        first = await schemas.checker(every[0], INPUT)
        await asyncio.gather(*(schemas.checker(one, INPUT) for one in every))
        assert await schemas.checker(every[0], INPUT) is not first
    finally:
        schemas.close()
