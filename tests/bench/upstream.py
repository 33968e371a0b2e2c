"""A very cheap MCP server to stand behind the gateway: raw ASGI, no sessions, JSON answers. It reads BENCH_ERA and
BENCH_TOOLS."""

from __future__ import annotations

import os
from typing import Any

import orjson

IS_MODERN = os.environ.get("BENCH_ERA", "legacy") == "modern"
TAIL = b',"resultType":"complete"}}' if IS_MODERN else b"}}"


def definition(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": f"Sends its text back ({name}).",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    }


def definitions(count: int) -> list[dict[str, Any]]:
    return [definition(name) for name in ("echo", *(f"padding_{number:05}" for number in range(count - 1)))]


TOOLS = definitions(int(os.environ.get("BENCH_TOOLS", "50")))
HEADERS = [(b"content-type", b"application/json")]
INFO = {"name": "bench", "version": "1"}
CACHED: dict[str, Any] = {"resultType": "complete", "ttlMs": 0, "cacheScope": "public"} if IS_MODERN else {}


def result_of(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    if method == "initialize" and not IS_MODERN:
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": INFO}
    if method == "server/discover" and IS_MODERN:
        return {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, **CACHED}
    if method == "tools/list":
        return {"tools": TOOLS, **CACHED}
    return {} if method == "ping" else None


def answer(message: dict[str, Any]) -> tuple[int, bytes]:
    if "id" not in message:
        return 202, b""
    head = b'{"jsonrpc":"2.0","id":' + orjson.dumps(message["id"])
    if message["method"] == "tools/call":
        text = orjson.dumps(message["params"]["arguments"]["text"])
        return 200, head + b',"result":{"content":[{"type":"text","text":' + text + b"}]" + TAIL
    result = result_of(message["method"], message.get("params", {}))
    if result is None:
        return 404, head + b',"error":{"code":-32601,"message":"no such method"}}'
    return 200, head + b',"result":' + orjson.dumps(result) + b"}"


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    status, out = answer(orjson.loads(body)) if scope["method"] == "POST" else (200, b"{}")
    headers = [*HEADERS, (b"content-length", b"%d" % len(out))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": out})
