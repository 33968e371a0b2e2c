"""The official Python SDK's client, as a colleague's AI client would use it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 240
"""Seconds; longer than any call is held."""


def call(url: str, token: str, tool: str, arguments: dict[str, Any]) -> Asked:
    """Starts the call in a thread of its own, so that a person can decide while it is held."""
    return Asked(url, token, tool, arguments)


def tools_of(url: str, token: str) -> list[str]:
    async def ask() -> list[str]:
        async with connected(url, token) as client:
            return sorted(tool.name for tool in (await client.list_tools()).tools)

    return in_thread(ask).result(PATIENCE)


class Asked:
    """A call under way: what it was told meanwhile, and in the end its answer."""

    def __init__(self, url: str, token: str, tool: str, arguments: dict[str, Any]) -> None:
        self.progress: list[str] = []
        self._future = in_thread(lambda: self._ask(url, token, tool, arguments))

    @property
    def result(self) -> Any:
        return self._future.result(PATIENCE)

    @property
    def text(self) -> str:
        return str(self.result.content[0].text)

    def failure(self) -> BaseException | None:
        return self._future.exception(PATIENCE)

    async def _ask(self, url: str, token: str, tool: str, arguments: dict[str, Any]) -> Any:
        async with connected(url, token) as client:
            return await client.call_tool(tool, arguments, progress_callback=self._told)

    async def _told(self, progress: float, total: float | None, message: str | None) -> None:
        self.progress.append(message or "")


def connected(url: str, token: str) -> Any:
    import httpx2
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
    return Client(streamable_http_client(url, http_client=http))


def in_thread(work: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
    """Playwright keeps an event loop in this thread; the client gets its own."""
    thread = ThreadPoolExecutor(1)
    future = thread.submit(lambda: asyncio.run(work()))
    thread.shutdown(wait=False)
    return future
