"""Calls to a real server built with the official SDK, in both protocol eras, as JSON and as event streams."""

import asyncio
import json
from uuid import uuid4

import pytest

from connectors.errors import UpstreamTimeout
from connectors.transports.base import NATIVE, Caller, Endpoint
from connectors.transports.native.transport import NativeTransport
from harriet.lib.egress import AsyncEgress, Reach
from harriet.lib.mcp.versions import LEGACY, MODERN
from harriet.lib.secret import Secret
from tests.connectors.asking import calling
from tests.servers.running import sdk_server
from vault.types.registry import placed

LOCAL = Reach(allow_internal=True, internal_hosts=("127.0.0.1",))
SECRET = "sk-canary-93c1"


@pytest.fixture(scope="module", params=["sse", "json"])
def server(request, tmp_path_factory):
    flags = ["--json"] if request.param == "json" else []
    with sdk_server(tmp_path_factory.mktemp("sdk"), *flags) as running:
        yield running


@pytest.fixture(params=[LEGACY, MODERN])
def endpoint(request, server):
    return Endpoint(uuid4(), NATIVE, server.url, LOCAL, request.param)


@pytest.fixture
async def transport():
    egress = AsyncEgress()
    transport = NativeTransport(egress)
    yield transport
    await transport.close()
    await egress.close()


def bearer():
    return placed(
        "bearer", {"in": "header", "name": "Authorization", "template": "Bearer {{secret}}"}, "", Secret(SECRET)
    )


async def call(
    transport, endpoint, tool, *, schema=None, meta=None, key="dana", deadline=20.0, listen=None, **arguments
):
    with bearer() as credential:
        return await transport.request(
            endpoint,
            credential,
            calling(tool, json.dumps(arguments).encode(), schema, meta),
            caller=Caller(key),
            deadline=deadline,
            on_notification=listen,
        )


async def test_a_call_comes_back_and_carries_the_credential(server, transport, endpoint):
    answer = await call(transport, endpoint, "echo", text="Grüße 🎉")
    assert (answer.era, answer.status, answer.error) == (endpoint.era, 200, None)
    assert json.loads(answer.result)["content"][0] == {"type": "text", "text": "Grüße 🎉"}
    assert {seen["headers"].get("authorization") for seen in server.requests()} == {f"Bearer {SECRET}"}


async def test_one_session_serves_many_calls(server, transport, endpoint):
    before = len(server.requests())
    await asyncio.gather(*(call(transport, endpoint, "echo", text=str(number)) for number in range(20)))
    opening = 2 if endpoint.era == LEGACY else 0
    assert len(server.requests()) - before == 20 + opening
    await call(transport, endpoint, "echo", key="bob", text="x")
    assert len(server.requests()) - before == 21 + 2 * opening


async def test_a_tool_that_fails_is_an_answer(transport, endpoint):
    answer = await call(transport, endpoint, "fail")
    assert json.loads(answer.result)["isError"] is True


async def test_an_unknown_tool_is_an_answer(transport, endpoint):
    answer = await call(transport, endpoint, "nothing-of-that-name")
    assert answer.error or json.loads(answer.result)["isError"] is True


async def test_names_and_arguments_are_mirrored_in_headers(server, transport, endpoint):
    schema = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
    answer = await call(transport, endpoint, "look_up", schema=schema, region="Zürich", limit=2)
    assert json.loads(answer.result)["structuredContent"]["region"] == "Zürich"
    assert json.loads((await call(transport, endpoint, "grüße an/alle")).result)["content"][0]["text"] == "hello"
    headers = server.requests()[-2]["headers"]
    assert headers.get("mcp-param-region") == ("=?base64?WsO8cmljaA==?=" if endpoint.era == MODERN else None)


async def test_progress_arrives_while_the_call_runs(server, transport, endpoint):
    has_room = "--json" not in str(server.log)  # a JSON answer carries nothing but the answer
    heard = []

    async def listen(raw):
        heard.append(json.loads(raw))

    await call(transport, endpoint, "count", to=3, meta={"progressToken": "t-1"}, listen=listen)
    progress = [note["params"]["progress"] for note in heard if note["method"] == "notifications/progress"]
    assert progress == ([1, 2, 3] if has_room else [])
    assert {note["params"]["progressToken"] for note in heard} == ({"t-1"} if has_room else set())


async def test_cancelling_the_task_cancels_the_call_at_the_server(server, transport, endpoint):
    hears_the_end = endpoint.era == LEGACY or "--json" not in str(
        server.log
    )  # the SDK's JSON mode doesn't watch for it
    server.log.write_text("")
    task = asyncio.ensure_future(call(transport, endpoint, "wait", seconds=30))
    assert await asyncio.to_thread(server.wait_for, tool="wait", event="started")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    if hears_the_end:
        assert await asyncio.to_thread(server.wait_for, tool="wait", event="cancelled")
    assert (await call(transport, endpoint, "echo", text="still here")).status == 200


async def test_a_call_that_takes_too_long_ends(transport, endpoint):
    with pytest.raises(UpstreamTimeout):
        await call(transport, endpoint, "wait", seconds=30, deadline=0.6)


async def test_tools_are_listed_whole(server, transport, endpoint):
    with bearer() as credential:
        tools = {tool["name"]: tool for tool in await transport.list_tools(endpoint, credential, deadline=20)}
    assert set(tools) == {"echo", "look_up", "grüße an/alle", "count", "wait", "fail"}
    assert tools["look_up"]["inputSchema"]["properties"]["region"]["x-mcp-header"] == "Region"


async def test_the_server_is_discovered_and_its_era_remembered(server, transport):
    unknown = Endpoint(uuid4(), NATIVE, server.url, LOCAL)
    with bearer() as credential:
        found = await transport.discover(unknown, credential, deadline=20)
    assert (found.era, found.protocol_version) == (MODERN, "2026-07-28")
    assert found.server_info["name"] == "sdk-fixture"
    assert found.instructions == "A server for tests."
    before = len(server.requests())
    assert (await call(transport, unknown, "echo", text="x")).era == MODERN
    assert len(server.requests()) == before + 1


async def test_a_server_of_the_old_era_is_found_by_initialize(transport, tmp_path):
    with sdk_server(tmp_path, "--legacy") as old:
        endpoint = Endpoint(uuid4(), NATIVE, old.url, LOCAL)
        with bearer() as credential:
            found = await transport.discover(endpoint, credential, deadline=20)
            assert found.era == LEGACY
            assert found.protocol_version == "2025-11-25"
            assert len(await transport.list_tools(endpoint, credential, deadline=20)) == 6
        assert [seen["http"] for seen in old.requests()].count("DELETE") == 2
        assert (await call(transport, endpoint, "echo", text="x")).era == LEGACY


@pytest.mark.parametrize(
    ("type_", "placement", "where"),
    [
        ("header", {"in": "header", "name": "X-Auth", "template": "key={{secret}}"}, ("x-auth", f"key={SECRET}")),
        ("bearer", {"in": "cookie", "name": "session"}, ("cookie", f"session={SECRET}")),
        ("bearer", {"in": "query", "name": "api_key"}, ("query", f"api_key={SECRET}")),
    ],
)
async def test_the_credential_goes_where_it_was_placed(server, transport, endpoint, type_, placement, where):
    with placed(type_, placement, "", Secret(SECRET)) as credential:
        await transport.request(endpoint, credential, calling("echo", b'{"text":"x"}'), caller=Caller(), deadline=20)
    seen = server.requests()[-1]
    assert (seen["query"] if where[0] == "query" else seen["headers"][where[0]]) == where[1]
