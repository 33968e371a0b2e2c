"""The official Python SDK's client through Harriet, in both eras."""

from __future__ import annotations

import asyncio

import pytest

from .office import Office
from .processes import Gateway, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clients]


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])
def test_the_python_sdk_lists_and_calls(
    gateway: Gateway, office: Office, dana: object, upstream: Upstream, mode: str
) -> None:

    listed, text = asyncio.run(talk(f"{gateway.url}/mcp/acme/work", office.token, mode))
    assert "echo" in listed
    assert text == f"hello from {mode}"
    assert office.token not in str(upstream.seen)


async def talk(url: str, token: str, mode: str) -> tuple[list[str], str]:
    import httpx2
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
    async with http, Client(streamable_http_client(url, http_client=http), mode=mode) as client:
        listed = await client.list_tools()
        called = await client.call_tool("echo", {"text": f"hello from {mode}"})
        return [tool.name for tool in listed.tools], called.content[0].text
