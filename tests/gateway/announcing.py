"""A small MCP server of the handshake era that says what changed: POST /say sends its body to everyone who listens.

GET /log gives the methods that arrived, and how many listen.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from .upstream import read, send_json, tool

LOG: list[dict[str, Any]] = []
LISTENING: list[asyncio.Queue[bytes]] = []
TOOLS = [tool("echo", {"text": {"type": "string"}})]
CAPABILITIES = {"tools": {"listChanged": True}, "resources": {"subscribe": True, "listChanged": True}}
RESULTS: dict[str, Any] = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "capabilities": CAPABILITIES,
        "serverInfo": {"name": "announcing", "version": "1"},
    },
    "tools/list": {"tools": TOOLS},
    "resources/list": {"resources": [{"uri": "note://one", "name": "One"}]},
    "resources/templates/list": {"resourceTemplates": []},
    "resources/subscribe": {},
    "resources/unsubscribe": {},
}


async def listen(receive: Any, send: Any) -> None:
    said: asyncio.Queue[bytes] = asyncio.Queue()
    LISTENING.append(said)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    gone = asyncio.ensure_future(_gone(receive))
    body = b": welcome\n\n"
    while not gone.done():
        await send({"type": "http.response.body", "body": body, "more_body": True})
        coming = asyncio.ensure_future(said.get())
        await asyncio.wait({gone, coming}, return_when=asyncio.FIRST_COMPLETED)
        body = b"data: " + coming.result() + b"\n\n" if coming.done() else b""
        coming.cancel()
    LISTENING.remove(said)


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(message: dict[str, Any], send: Any) -> None:
    LOG.append(message)
    if "id" not in message:
        await send_json(send, 202, None)
        return
    session = [(b"mcp-session-id", b"announcing")] if message["method"] == "initialize" else []
    result = RESULTS.get(message["method"], {})
    await send_json(send, 200, {"jsonrpc": "2.0", "id": message["id"], "result": result}, *session)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/log":
        await send_json(send, 200, {"log": LOG, "listening": len(LISTENING)})
    elif scope["path"] == "/say":
        said = await read(receive)
        for listening in LISTENING:
            listening.put_nowait(said)
        await send_json(send, 202, None)
    elif scope["method"] == "GET":
        await listen(receive, send)
    elif scope["method"] == "POST":
        await answer(json.loads(await read(receive)), send)
    else:
        await send_json(send, 405, None, (b"allow", b"GET, POST"))
