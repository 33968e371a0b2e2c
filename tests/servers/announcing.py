"""A small MCP server that says what changed: POST /say sends its body to everyone who listens.

POST /change changes what it offers, and says so. GET /log gives what arrived, how many listen, and how often anybody
began to. UPSTREAM_ERA is "legacy" (the default) or "modern".
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

from tests.servers.upstream import read, send_json, tool

ERA = os.environ.get("UPSTREAM_ERA", "legacy")
LOG: list[dict[str, Any]] = []
LISTENING: list[asyncio.Queue[bytes]] = []
BEGUN: list[str] = []
TOOLS = [tool("echo", {"text": {"type": "string"}})]
PROMPTS = [{"name": "greet", "description": "Greets."}]
CAPABILITIES = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
}
LISTS = ("tools", "prompts", "resources")
RESULTS: dict[str, Any] = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "capabilities": CAPABILITIES,
        "serverInfo": {"name": "announcing", "version": "1"},
    },
    "server/discover": {"supportedVersions": ["2026-07-28"], "capabilities": CAPABILITIES},
    "tools/list": {"tools": TOOLS},
    "prompts/list": {"prompts": PROMPTS},
    "resources/list": {"resources": [{"uri": "note://one", "name": "One"}]},
    "resources/templates/list": {"resourceTemplates": []},
    "resources/subscribe": {},
    "resources/unsubscribe": {},
}


def change(number: int, how: str) -> None:
    """`how`: "add" a tool and a prompt, or "change" those that were there from the beginning."""
    for offered in (TOOLS, PROMPTS):
        if how == "add":
            offered.append({**offered[0], "name": f"{offered[0]['name']}_{number}"})
        else:
            offered[0]["description"] = f"Means {number} now."
    for what in LISTS:
        say(json.dumps({"jsonrpc": "2.0", "method": f"notifications/{what}/list_changed"}).encode())


def say(message: bytes) -> None:
    for listening in LISTENING:
        listening.put_nowait(message)


async def listen(receive: Any, send: Any, mark: Callable[[bytes], bytes] = bytes, first: bytes = b"") -> None:
    said: asyncio.Queue[bytes] = asyncio.Queue()
    BEGUN.append(ERA)
    if first:
        said.put_nowait(first)
    LISTENING.append(said)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    gone = asyncio.ensure_future(_gone(receive))
    body = b": welcome\n\n"
    while not gone.done():
        await send({"type": "http.response.body", "body": body, "more_body": True})
        coming = asyncio.ensure_future(said.get())
        await asyncio.wait({gone, coming}, return_when=asyncio.FIRST_COMPLETED)
        body = b"data: " + mark(coming.result()) + b"\n\n" if coming.done() else b""
        coming.cancel()
    LISTENING.remove(said)


async def subscribe(message: dict[str, Any], receive: Any, send: Any) -> None:
    meta = {"io.modelcontextprotocol/subscriptionId": message["id"]}

    def mark(said: bytes) -> bytes:
        known = json.loads(said)
        return json.dumps({**known, "params": {**known.get("params", {}), "_meta": meta}}).encode()

    wanted = {"notifications": message["params"]["notifications"]}
    hello = {"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": wanted}
    await listen(receive, send, mark, json.dumps(hello).encode())


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(message: dict[str, Any], send: Any) -> None:
    LOG.append(message)
    if "id" not in message:
        await send_json(send, 202, None)
        return
    session = [(b"mcp-session-id", b"announcing")] if message["method"] == "initialize" else []
    if message["method"] == ("initialize" if ERA == "modern" else "server/discover"):
        error = {"code": -32601, "message": "Not in this era."}
        await send_json(send, 200, {"jsonrpc": "2.0", "id": message["id"], "error": error})
        return
    result = RESULTS.get(message["method"], {})
    if ERA == "modern":
        result = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", **result}
    await send_json(send, 200, {"jsonrpc": "2.0", "id": message["id"], "result": result}, *session)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/log":
        await send_json(send, 200, {"log": LOG, "listening": len(LISTENING), "begun": len(BEGUN)})
    elif scope["path"] == "/say":
        say(await read(receive))
        await send_json(send, 202, None)
    elif scope["path"] == "/change":
        change(**json.loads(await read(receive)))
        await send_json(send, 202, None)
    elif scope["method"] == "GET":
        await listen(receive, send)
    elif scope["method"] == "POST":
        message = json.loads(await read(receive))
        if message["method"] == "subscriptions/listen":
            await subscribe(message, receive, send)
        else:
            await answer(message, send)
    else:
        await send_json(send, 405, None, (b"allow", b"GET, POST"))
