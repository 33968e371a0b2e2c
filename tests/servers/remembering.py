"""A small MCP server of the handshake era that remembers its clients, as many do: their roots, asked for once in each
session, their log level, and how often they called. GET /log gives what arrived.

`STREAM=own`: it asks on the session's own stream (GET) instead of in the call's.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from tests.servers.upstream import read, send_json, text_result, tool

LOG: list[dict[str, Any]] = []
TOOLS = [tool("roots", {}), tool("chat", {}), tool("count", {})]
IDS = count(1)
Send = Any


@dataclass
class Session:
    capabilities: dict[str, Any]
    roots: list[str] | None = None
    level: str = "info"
    calls: int = 0
    stream: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    def forget_if(self, method: str) -> None:
        if method == "notifications/roots/list_changed":
            self.roots = None


SESSIONS: dict[str, Session] = {}


async def event(send: Send, value: dict[str, Any], *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": f"data: {json.dumps(value)}\n\n".encode(), "more_body": more})


async def ask_for_roots(session: Session, send: Send) -> list[str]:
    name = f"roots-{next(IDS)}"
    session.waiting[name] = asyncio.get_running_loop().create_future()
    question = {"jsonrpc": "2.0", "id": name, "method": "roots/list"}
    if os.environ.get("STREAM") == "own":
        session.stream.put_nowait(question)
    else:
        await event(send, question)
    answer = await session.waiting[name]
    return [root["uri"] for root in answer.get("result", {}).get("roots", [])]


async def call(message: dict[str, Any], session: Session, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    session.calls += 1
    name, said = message["params"]["name"], ""
    if name == "roots":
        if session.roots is None and "roots" in session.capabilities:
            session.roots = await ask_for_roots(session, send)
        said = " ".join(session.roots or [])
    elif name == "chat":
        for level in ("debug", "info", "error"):
            if ["debug", "info", "error"].index(level) >= ["debug", "info", "error"].index(session.level):
                params = {"level": level, "data": "said"}
                await event(send, {"jsonrpc": "2.0", "method": "notifications/message", "params": params})
                await asyncio.sleep(0.05)
    result = text_result(said or str(session.calls))
    await event(send, {"jsonrpc": "2.0", "id": message["id"], "result": result}, more=False)


async def answer(message: dict[str, Any], session_id: str, send: Send) -> None:
    method, session = message.get("method"), SESSIONS.get(session_id)
    if method == "initialize":
        name = uuid4().hex
        SESSIONS[name] = Session(message["params"]["capabilities"])
        info = {"name": "remembering", "version": "1"}
        result = {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}, "logging": {}, "resources": {}},
            "serverInfo": info,
        }
        hello = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        await send_json(send, 200, hello, (b"mcp-session-id", name.encode()))
    elif session is None:
        await send_json(send, 404 if session_id else 400, {"error": "no session"})
    elif method == "tools/call":
        await call(message, session, send)
    elif method is None:
        if message["id"] in session.waiting:
            session.waiting[message["id"]].set_result(message)
        await send_json(send, 202, None)
    elif "id" not in message:
        session.forget_if(method)
        await send_json(send, 202, None)
    else:
        if method == "logging/setLevel":
            session.level = message["params"]["level"]
        result = {"tools": TOOLS} if method == "tools/list" else {}
        await send_json(send, 200, {"jsonrpc": "2.0", "id": message["id"], "result": result})


async def listen(session: Session, receive: Any, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    await send({"type": "http.response.body", "body": b": welcome\n\n", "more_body": True})
    gone = asyncio.ensure_future(_gone(receive))
    while True:
        coming = asyncio.ensure_future(session.stream.get())
        await asyncio.wait({gone, coming}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            coming.cancel()
            return
        await event(send, coming.result())


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def app(scope: Any, receive: Any, send: Send) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/log":
        await send_json(send, 200, {"log": LOG, "open": len(SESSIONS)})
        return
    session_id = dict(scope["headers"]).get(b"mcp-session-id", b"").decode()
    if scope["method"] == "POST":
        message = json.loads(await read(receive))
        LOG.append(message)
        await answer(message, session_id, send)
    elif scope["method"] == "DELETE":
        SESSIONS.pop(session_id, None)
        await send_json(send, 200, None)
    elif session_id in SESSIONS:
        await listen(SESSIONS[session_id], receive, send)
    else:
        await send_json(send, 405, None)
