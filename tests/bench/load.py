"""The load: keep-alive connections that call `echo` as fast as it answers, and check every answer. Prints JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httptools
import orjson

try:
    import uvloop
except ImportError:  # pragma: no cover
    uvloop = None  # type: ignore[assignment]

TEXT = 100
STRIDE = 7919
"""A prime, so that the callers meet different people and tools."""


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection with one request at a time."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.waiting: asyncio.Future[None] | None = None
        self.body: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    async def ask(self, request: bytes) -> bytes:
        self.parser = httptools.HttpResponseParser(self)
        self.body = []
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self.waiting
        return b"".join(self.body)


class Caller:
    """One client: its own connection, its own JSON-RPC ids."""

    def __init__(self, url: str, tokens: list[str], names: list[str], version: str, number: int) -> None:
        """Each call bears the next of the tokens and calls the next of the names."""
        parts = urlsplit(url)
        self.tokens, self.names = tokens, names
        self.host, self.port, self.path = parts.hostname or "", parts.port or 80, parts.path
        self.number, self.version = number, version
        self.next_id = number * 1_000_000
        self.fixed = [
            f"POST {self.path} HTTP/1.1",
            f"host: {self.host}:{self.port}",
            "content-type: application/json",
            "accept: application/json, text/event-stream",
            f"mcp-protocol-version: {version}",
        ]
        if version >= "2026":
            self.fixed.append("mcp-method: tools/call")

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        _, self.connection = await loop.create_connection(Connection, self.host, self.port)

    def request(self, text: str) -> tuple[int, bytes]:
        self.next_id += 1
        turn = self.next_id * STRIDE + self.number
        token, name = self.tokens[turn % len(self.tokens)], self.names[turn % len(self.names)]
        params: dict[str, Any] = {"name": name, "arguments": {"text": text}}
        more = [f"authorization: Bearer {token}"] if token else []
        if self.version >= "2026":
            prefix = "io.modelcontextprotocol/"
            params["_meta"] = {f"{prefix}protocolVersion": self.version, f"{prefix}clientCapabilities": {}}
            more.append(f"mcp-name: {name}")
        body = orjson.dumps({"jsonrpc": "2.0", "id": self.next_id, "method": "tools/call", "params": params})
        head = "\r\n".join([*self.fixed, *more, f"content-length: {len(body)}"])
        return self.next_id, head.encode() + b"\r\n\r\n" + body

    async def call(self) -> float:
        text = f"{self.number}-{self.next_id}".ljust(TEXT, "x")
        rpc_id, request = self.request(text)
        began = time.perf_counter()
        answer = orjson.loads(await self.connection.ask(request))
        took = time.perf_counter() - began
        if answer.get("id") != rpc_id or answer["result"]["content"][0]["text"] != text:
            raise ValueError(f"wrong answer: {answer}")
        return took


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    who = json.loads(Path(options.callers).read_text()) if options.callers else {}
    tokens, names = who.get("tokens") or [options.token], who.get("names") or ["echo"]
    urls = options.url.split(",")
    callers = [
        Caller(urls[number % len(urls)], tokens, names, options.version, number + 1)
        for number in range(options.concurrency)
    ]
    for caller in callers:
        await caller.start()
    await _all(callers, max(options.warmup, options.concurrency))
    began = time.perf_counter()
    took = sorted(await _all(callers, options.calls))
    wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "calls": len(took),
        "per_second": len(took) / wall,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
    }


async def _all(callers: list[Caller], calls: int) -> list[float]:
    left = calls
    took: list[float] = []

    async def work(caller: Caller) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            took.append(await caller.call())

    await asyncio.gather(*(work(caller) for caller in callers))
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="one, or several with commas between them")
    parser.add_argument("--token", default="")
    parser.add_argument("--callers", default="", help="a JSON file with `tokens` and `names` of tools to go through")
    parser.add_argument("--version", default="2025-11-25")
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--warmup", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=16)
    options = parser.parse_args()
    if uvloop is not None:
        uvloop.install()
    print(json.dumps(asyncio.run(measure(options))))


if __name__ == "__main__":
    main()
