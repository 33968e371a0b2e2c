"""Real MCP clients list and call tools through Harriet, at a server of the official SDK and at the reference server.

What the servers logged shows the organization's secret with every request, and the client's token nowhere.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ContentBlock, TextContent

from tests.clients.conftest import SECRET, Company
from tests.clients.node import INSPECTOR, MCP_REMOTE, NPM_SDK, node, run

pytestmark = pytest.mark.clients

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("sdk_echo", {"text": "grüße"}),
    ("every_echo", {"message": "grüße"}),
    ("every_get-sum", {"a": 20, "b": 22}),
]
ANSWERS = ["grüße", "Echo: grüße", "The sum of 20 and 22 is 42."]


@pytest.fixture(autouse=True)
def only_the_secret_arrives(company: Company) -> Iterator[None]:
    before = [len(server.requests()) for server in company.servers]
    yield
    for server, known in zip(company.servers, before, strict=True):
        new = server.requests()[known:]
        assert new, f"{server.url} was never asked"
        assert {entry["headers"].get("authorization") for entry in new} == {f"Bearer {SECRET}"}
        assert company.token not in server.log.read_text()


def check(tools: list[str], texts: list[str]) -> None:
    assert {"sdk_echo", "sdk_count", "every_echo", "every_get-sum"} <= set(tools)
    assert "sdk_wait" not in tools, "it is not enabled"
    assert texts == ANSWERS


async def list_and_call(client: Client) -> tuple[list[str], list[str]]:
    async with client:
        listed = await client.list_tools()
        called = [await client.call_tool(name, arguments) for name, arguments in CALLS]
        return [tool.name for tool in listed.tools], [text_of(result.content[0]) for result in called]


def text_of(block: ContentBlock) -> str:
    assert isinstance(block, TextContent)
    return block.text


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])
async def test_python_sdk(company: Company, mode: str) -> None:
    headers = {"Authorization": f"Bearer {company.token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        check(*await list_and_call(Client(streamable_http_client(company.url, http_client=http), mode=mode)))


def test_npm_sdk(company: Company, tmp_path: Path) -> None:
    said = json.loads(run(NPM_SDK, company.url, company.token, json.dumps(CALLS), home=tmp_path))
    check(said["tools"], said["texts"])


HELD: tuple[str, dict[str, Any]] = ("every_get-structured-content", {"location": "New York"})
"""It has an output schema, which no ticket fits, and needs a person's approval."""


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_python_sdk_takes_a_ticket_for_an_answer(company: Company, mode: str) -> None:
    headers = {"Authorization": f"Bearer {company.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(company.url, http_client=http), mode=mode) as client,
    ):
        await client.list_tools()
        for name, arguments in CALLS[:2]:
            await client.call_tool(name, arguments)
        result = await client.call_tool(*HELD)
    assert not result.is_error
    assert "waits for approval: ticket #" in text_of(result.content[0])
    assert isinstance(result.structured_content, dict) and result.structured_content["ticket"]["state"] == "waiting"


def test_npm_sdk_takes_a_ticket_for_an_answer(company: Company, tmp_path: Path) -> None:
    said = json.loads(run(NPM_SDK, company.url, company.token, json.dumps([*CALLS[:2], HELD]), home=tmp_path))
    assert "waits for approval: ticket #" in said["texts"][-1]


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_inspector(company: Company, tmp_path: Path, era: str) -> None:
    def inspect(*arguments: str) -> Any:
        server = ("--cli", company.url, "--transport", "http", "--header", f"Authorization: Bearer {company.token}")
        said = run(INSPECTOR, *server, "--protocol-era", era, "--format", "json", *arguments, home=tmp_path)
        return json.loads(said)

    listed = inspect("--method", "tools/list")
    called = [
        inspect("--method", "tools/call", "--tool-name", name, "--tool-args-json", json.dumps(arguments))
        for name, arguments in CALLS[:2]
    ]
    texts = [answer["result"]["content"][0]["text"] for answer in called]
    check([tool["name"] for tool in listed["result"]["tools"]], texts + ANSWERS[2:])


async def test_mcp_remote(company: Company, tmp_path: Path) -> None:
    """As Claude Desktop uses it: a program that speaks stdio to the client and HTTP to Harriet."""
    arguments = [str(MCP_REMOTE), company.url, "--allow-http", "--header", f"Authorization: Bearer {company.token}"]
    env = {"MCP_REMOTE_CONFIG_DIR": str(tmp_path), "BROWSER": "/bin/true", "HOME": str(tmp_path)}
    remote = stdio_client(StdioServerParameters(command=node(), args=arguments, env=env))
    async with asyncio.timeout(180):
        check(*await list_and_call(Client(remote)))
