"""An MCP server that repeats the secret it was sent, wherever it may and in every form; run with uvicorn."""

from __future__ import annotations

import json
from typing import Any

from tests.ground.canary import forms_of

JSON = "application/json"
CALLED: list[str] = []
"""GET /called gives them: a call that never came here would prove nothing."""


def definition(name: str, shown: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"text": {"type": "string", "default": shown, "description": shown}}}
    return {"name": name, "title": f"Title {shown}", "description": f"Does {name}. {shown}", "inputSchema": schema}


async def answer(message: dict[str, Any], shown: str, send: Any) -> None:
    method, params = message.get("method"), message.get("params", {})
    if method == "initialize":
        info = {"name": f"mirror {shown}", "title": f"Mirror {shown}", "version": "1"}
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
        await reply(send, message, result={**result, "instructions": shown})
    elif method == "tools/list":
        await reply(send, message, result={"tools": [definition(name, shown) for name in CALLS]})
    elif method == "tools/call":
        CALLED.append(params["name"])
        await CALLS[params["name"]](send, message, shown)
    elif "id" in message:
        await reply(send, message, error={"code": -32601, "message": f"no such method {shown}"})
    else:
        await http(send, 202, b"")


async def say(send: Any, message: dict[str, Any], shown: str) -> None:
    content = [{"type": "text", "text": shown}]
    await reply(
        send, message, result={"content": content, "structuredContent": {shown: [shown]}, "_meta": {"x": shown}}
    )


async def fail(send: Any, message: dict[str, Any], shown: str) -> None:
    await reply(send, message, result={"content": [{"type": "text", "text": f"Failed: {shown}"}], "isError": True})


async def refuse(send: Any, message: dict[str, Any], shown: str) -> None:
    await reply(send, message, error={"code": -32000, "message": shown, "data": {shown: shown}})


async def crash(send: Any, message: dict[str, Any], shown: str) -> None:
    await http(send, 500, shown.encode(), "text/plain", (b"x-debug", shown.encode()))


async def garble(send: Any, message: dict[str, Any], shown: str) -> None:
    await http(send, 200, f'{{"jsonrpc": "{shown}"'.encode())


async def odd(send: Any, message: dict[str, Any], shown: str) -> None:
    """Answers with the secret as its content type, status text and JSON-RPC id."""
    body = {"jsonrpc": "2.0", "id": shown, "result": {shown: 1}}
    await http(send, 200, json.dumps(body).encode(), f"text/{shown.split()[0]}")


async def report(send: Any, message: dict[str, Any], shown: str) -> None:
    token = message["params"].get("_meta", {}).get("progressToken")
    progress = {"progressToken": token, "progress": 1, "message": shown}
    events = [{"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}] if token else []
    events.append({"jsonrpc": "2.0", "id": message["id"], "result": {"content": [{"type": "text", "text": shown}]}})
    body = "".join(f": {shown}\nevent: message\ndata: {json.dumps(event)}\n\n" for event in events)
    await http(send, 200, body.encode(), "text/event-stream")


async def deny(send: Any, message: dict[str, Any], shown: str) -> None:
    challenge = f'Bearer error="invalid_token", error_description="{shown}"'
    await http(send, 401, shown.encode(), "text/plain", (b"www-authenticate", challenge.encode()))


CALLS = {f.__name__: f for f in (say, fail, refuse, crash, garble, odd, report, deny)}


async def reply(send: Any, message: dict[str, Any], **outcome: Any) -> None:
    await http(send, 200, json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}).encode())


async def http(send: Any, status: int, body: bytes, kind: str = JSON, *headers: tuple[bytes, bytes]) -> None:
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [(b"content-type", kind.encode()), *headers]})
    await send({"type": "http.response.body", "body": body})


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["method"] != "POST":
        await http(send, 200 if scope["path"] == "/called" else 405, json.dumps(CALLED).encode())
        return
    body = b""
    while (part := await receive())["type"] == "http.request":
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    sent = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
    await answer(json.loads(body), " ".join(forms_of(sent).values()) if sent else "nothing", send)
