"""A small MCP server that speaks both eras at one address, or the one in UPSTREAM_ERAS, each with its own definitions.

GET /log gives in which era tools were called. POST /change renames a tool in one era, or takes an era away.
"""

from __future__ import annotations

import json
import os
from typing import Any

from tests.servers.upstream import read, send_json, tool

MODERN = "2026-07-28"
ERAS = {"both": {"legacy", "modern"}}.get(os.environ.get("UPSTREAM_ERAS", "both"), {os.environ.get("UPSTREAM_ERAS")})
CALLS: list[str] = []
AWAY: set[str] = set()
TITLES = {era: f"Where, {era}" for era in ("legacy", "modern")}
CAPABILITIES = {"tools": {}}


def tools(era: str) -> list[dict[str, Any]]:
    said = {"type": "object", "properties": {"era": {"const": era}}, "required": ["era"]}
    only = tool("newer", {}) if era == "modern" else tool("older", {})
    return [tool("where", {}, title=TITLES[era], outputSchema=said), only]


def result_of(message: dict[str, Any], era: str) -> dict[str, Any] | None:
    method = message["method"]
    if method == "initialize" and era == "legacy":
        info = {"name": "two eras", "version": "1"}
        return {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "serverInfo": info}
    if method == "server/discover" and era == "modern":
        return {"supportedVersions": [MODERN], "capabilities": CAPABILITIES}
    if method == "tools/list":
        return {"tools": tools(era)}
    if method == "tools/call" and message["params"]["name"] in {one["name"] for one in tools(era)}:
        CALLS.append(era)
        return {"content": [{"type": "text", "text": era}], "structuredContent": {"era": era}}
    return None


async def answer(message: dict[str, Any], era: str, send: Any) -> None:
    result = result_of(message, era)
    if result is None:
        error = {"code": -32601, "message": f"There is no {message['method']} in the era {era}."}
        await send_json(send, 200, {"jsonrpc": "2.0", "id": message["id"], "error": error})
        return
    if era == "modern":
        result = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", **result}
    session = [(b"mcp-session-id", b"two-eras")] if message["method"] == "initialize" else []
    await send_json(send, 200, {"jsonrpc": "2.0", "id": message["id"], "result": result}, *session)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/log":
        await send_json(send, 200, {"calls": CALLS})
    elif scope["path"] == "/change":
        change = json.loads(await read(receive))
        AWAY.update({change["away"]} if "away" in change else ())
        TITLES.update({change["era"]: change["title"]} if "era" in change else {})
        await send_json(send, 202, None)
    elif scope["method"] != "POST":
        await send_json(send, 405 if scope["method"] == "GET" else 200, None)
    else:
        message = json.loads(await read(receive))
        is_modern = dict(scope["headers"]).get(b"mcp-protocol-version") == MODERN.encode()
        era = "modern" if is_modern else "legacy"
        if era in AWAY:
            await send_json(send, 503, None)
        elif era not in ERAS:
            await send_json(send, 400, {"error": "unknown"})
        elif "id" not in message:
            await send_json(send, 202, None)
        else:
            await answer(message, era, send)
