"""The sample server, as the official SDK's client and Harriet's own transport meet it."""

import json
import threading
import time
from uuid import uuid4

import httpx2
import pytest
import uvicorn
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from connectors.errors import UpstreamRefusedCredential
from connectors.sample import sample_token
from connectors.sample.server import application
from connectors.transports.base import NATIVE, Caller, Endpoint
from connectors.transports.native.transport import NativeTransport
from harriet.lib.egress import AsyncEgress, Reach
from harriet.lib.mcp.versions import LEGACY, MODERN
from harriet.lib.secret import Secret
from tests.connectors.asking import calling
from tests.lib.leaving import leave
from tests.servers.running import free_port
from vault.types.registry import placed

LOCAL = Reach(allow_internal=True, internal_hosts=("127.0.0.1",))
TOOLS = {"search_customers", "get_customer", "add_note", "send_mail", "delete_customer"}


@pytest.fixture(scope="module")
def url():
    config = uvicorn.Config(application, port=free_port(), log_level="warning", lifespan="off", timeout_keep_alive=75)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{config.port}/sample/mcp"
    server.should_exit = True
    thread.join(60)


@pytest.mark.clients
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])
async def test_the_official_client_uses_it(url, mode):
    headers = {"Authorization": f"Bearer {sample_token().reveal()}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        listed = await client.list_tools()
        assert {tool.name for tool in listed.tools} == TOOLS
        found = await client.call_tool("search_customers", {"query": "utrecht"})
        assert [one["id"] for one in found.structured_content["customers"]] == ["C-1002"]
        wrong = await client.call_tool("get_customer", {"customer_id": "x"})
        assert wrong.is_error


@pytest.mark.parametrize("era", [LEGACY, MODERN, ""])
async def test_harriet_uses_it_like_any_other_server(url, era):
    egress = AsyncEgress()
    transport = NativeTransport(egress)
    endpoint = Endpoint(uuid4(), NATIVE, url, LOCAL, era)
    bearer = {"in": "header", "name": "Authorization", "template": "Bearer {{secret}}"}
    with placed("bearer", bearer, "", sample_token()) as credential:
        assert (await transport.discover(endpoint, credential, deadline=20)).server_info["title"] == "Sample CRM"
        tools = await transport.list_tools(endpoint, credential, deadline=20)
        assert {tool["name"] for tool in tools} == TOOLS
        for tool, arguments, said in [
            ("get_customer", {"customer_id": "C-1001"}, "Lighthouse"),
            ("add_note", {"customer_id": "C-1001", "text": "Call back"}, "Call back"),
            ("send_mail", {"customer_id": "C-1001", "subject": "Hi", "body": "there"}, "Sent"),
            ("delete_customer", {"customer_id": "C-1001"}, "Deleted"),
        ]:
            schema = next(one["inputSchema"] for one in tools if one["name"] == tool)
            answer = await transport.request(
                endpoint,
                credential,
                calling(tool, json.dumps(arguments).encode(), schema),
                caller=Caller(),
                deadline=20,
            )
            assert said in json.loads(answer.result)["content"][0]["text"]
    with placed("bearer", bearer, "", Secret("wrong")) as credential, pytest.raises(UpstreamRefusedCredential):
        await transport.discover(endpoint, credential, deadline=20)
    await transport.close()
    await egress.close()


@pytest.mark.parametrize(
    ("headers", "message", "status", "code"),
    [
        ({}, b"{", 400, -32700),
        ({}, b"[]", 400, -32600),
        ({}, b'{"jsonrpc":"2.0","id":1,"method":"nothing"}', 200, -32601),
        ({}, b'{"jsonrpc":"2.0","method":"notifications/initialized"}', 202, None),
        ({}, b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}}', 200, -32602),
        ({"MCP-Protocol-Version": MODERN}, b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}', 400, -32602),
        ({}, b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}', 200, -32602),
        ({}, b" " * 70_000, 413, None),
    ],
)
def test_what_it_refuses(url, headers, message, status, code):
    headers = {**headers, "Authorization": f"Bearer {sample_token().reveal()}"}
    answer = leave(url, LOCAL, data=message, headers=headers)
    assert answer.status == status
    assert code is None or json.loads(answer.body)["error"]["code"] == code


def test_it_wants_its_token_and_a_post(url):
    assert leave(url, LOCAL, data=b"{}").status == 401
    assert leave(url, LOCAL, method="GET", data=b"").status == 405
