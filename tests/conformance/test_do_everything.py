"""Everything that a client does, with each client, in each era that it speaks, at servers of both eras: list, call,
progress, elicitation, resource read, prompt get, cancellation."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastmcp import Client as FastClient
from fastmcp.client.transports import StreamableHttpTransport
from mcp import types
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.clients.node import INSPECTOR, MCP_REMOTE, node, run
from tests.conformance.conftest import Arranged

pytestmark = pytest.mark.clients

HERE = Path(__file__).parent
UPSTREAMS = ("modern", "legacy")
ANSWER = {"name": "Dana", "username": "dana", "email": "d@x"}
ELICITING = "test_input_required_result_elicitation"


def check(told: dict[str, Any], mark: str, *, cancels: bool = True) -> None:
    assert {"test_simple_text", "wait"} <= set(told["tools"])
    assert told["text"] == "This is a simple text response for testing."
    assert told["progress"] == [0, 50, 100]
    assert told["elicited"] == "Hello, Dana!"
    assert told["resource"] == "This is the content of the static text resource."
    assert told["prompt"] == "This is a simple prompt for testing."
    assert not cancels or mark in told["cancelled"]


async def answer(*_: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content=dict(ANSWER))


async def use(client: Any, mark: str) -> dict[str, Any]:
    """The Python SDK's client and FastMCP's alike."""
    told: dict[str, Any] = {"progress": []}

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told["progress"].append(progress)

    def text(result: Any) -> str:
        return str(result.content[0].text)

    async with client:
        listed = await client.list_tools()
        told["tools"] = [tool.name for tool in getattr(listed, "tools", listed)]
        told["text"] = text(await client.call_tool("test_simple_text", {}))
        handler = "progress_handler" if isinstance(client, FastClient) else "progress_callback"
        await client.call_tool("test_tool_with_progress", {}, **{handler: on_progress})
        told["elicited"] = text(await client.call_tool(ELICITING, {}))
        read = await client.read_resource("test://static-text")
        told["resource"] = getattr(read, "contents", read)[0].text
        told["prompt"] = (await client.get_prompt("test_simple_prompt")).messages[0].content.text
        for seconds in (0.5, 5):  # on a busy machine the call may not have arrived by then
            waiting = asyncio.ensure_future(client.call_tool("wait", {"mark": mark}))
            await asyncio.sleep(seconds)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            for _ in range(40):
                told["cancelled"] = json.loads(text(await client.call_tool("cancelled", {})))
                if mark in told["cancelled"]:
                    return told
                await asyncio.sleep(0.1)
    return told


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])
async def test_python_sdk(arranged: Arranged, upstream: str, mode: str) -> None:
    mark = f"python {mode}"
    headers = {"Authorization": f"Bearer {arranged.token}"}
    async with asyncio.timeout(180), httpx2.AsyncClient(headers=headers, timeout=90) as http:
        transport = streamable_http_client(arranged.direct(upstream), http_client=http)
        check(await use(Client(transport, mode=mode, elicitation_callback=answer), mark), mark)


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_fastmcp(arranged: Arranged, upstream: str, mode: str) -> None:
    mark = f"fastmcp {mode}"
    headers = {"Authorization": f"Bearer {arranged.token}"}
    transport = StreamableHttpTransport(arranged.direct(upstream), headers=headers)
    async with asyncio.timeout(180):
        client = FastClient(transport, mode=mode, elicitation_handler=fast_answer)
        check(await use(client, mark), mark)


async def fast_answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
    return ANSWER


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("kind", ["v1", "v2-legacy", "v2-modern"])
def test_npm_sdk(arranged: Arranged, upstream: str, kind: str, tmp_path: Path) -> None:
    said = run(HERE / "everything.mjs", kind, arranged.direct(upstream), arranged.token, kind, home=tmp_path)
    check(json.loads(said), kind)


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("protocol", ["legacy", "auto"])
async def test_mcp_remote(arranged: Arranged, upstream: str, protocol: str, tmp_path: Path) -> None:
    """Its own client speaks the earlier era with it; with `auto`, it speaks the later one with Harriet. There a request
    is cancelled by closing its stream, but mcp-remote posts a notification, which names nobody's request."""
    mark = f"remote {protocol}"
    token = f"Authorization: Bearer {arranged.token}"
    options = ["--allow-http", "--protocol", protocol, "--header", token]
    env = {"MCP_REMOTE_CONFIG_DIR": str(tmp_path), "BROWSER": "/bin/true", "HOME": str(tmp_path)}
    arguments = [str(MCP_REMOTE), arranged.direct(upstream), *options]
    remote = stdio_client(StdioServerParameters(command=node(), args=arguments, env=env))
    async with asyncio.timeout(180):
        told = await use(Client(remote, mode="legacy", elicitation_callback=answer), mark)
    check(told, mark, cancels=protocol == "legacy")


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_inspector(arranged: Arranged, upstream: str, era: str, tmp_path: Path) -> None:
    """The command line asks nobody anything and cancels nothing; the rest it does."""

    def inspect(*arguments: str) -> Any:
        token = f"Authorization: Bearer {arranged.token}"
        server = ("--cli", arranged.direct(upstream), "--transport", "http", "--header", token)
        return json.loads(
            run(INSPECTOR, *server, "--protocol-era", era, "--format", "json", *arguments, home=tmp_path)
        )["result"]

    tools = [tool["name"] for tool in inspect("--method", "tools/list")["tools"]]
    assert "test_simple_text" in tools
    called = inspect("--method", "tools/call", "--tool-name", "test_simple_text")
    assert called["content"][0]["text"] == "This is a simple text response for testing."
    read = inspect("--method", "resources/read", "--uri", "test://static-text")
    assert read["contents"][0]["text"] == "This is the content of the static text resource."
    got = inspect("--method", "prompts/get", "--prompt-name", "test_simple_prompt")
    assert got["messages"][0]["content"]["text"] == "This is a simple prompt for testing."
