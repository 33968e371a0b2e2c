"""A small MCP server to put behind the gateway: it notes every message and header that reached it.

UPSTREAM_ERA is "legacy" (the default) or "modern". GET /log gives what arrived, DELETE /log forgets it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import time
from typing import Any

ERA = os.environ.get("UPSTREAM_ERA", "legacy")
LOG: list[dict[str, Any]] = []
RUNNING: dict[Any, asyncio.Task[Any]] = {}
INFO = {"name": "upstream", "version": "1"}


def tool(name: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"name": name, "description": f"Does {name}.", "inputSchema": schema, **more}


TEXT = {"text": {"type": "string"}}
TOOLS = [
    tool("echo", TEXT),
    tool("slow", {**TEXT, "ms": {"type": "integer"}}),
    tool("leak", {"form": {"type": "string"}, "header": {"type": "string"}}),
    tool("report", {"steps": {"type": "integer"}}),
    tool("odd", {}),
    tool("refuse", {"code": {"type": "integer"}, "header": {"type": "string"}}),
    tool("weather", {"ok": {"type": "boolean"}}, outputSchema={"type": "object", "required": ["degrees"]}),
    tool("region", {"region": {"type": "string", "x-mcp-header": "Region"}}),
    tool("fail", {}),
    tool("say", {name: {"type": "string"} for name in ("result", "error", "hex")} | {"events": {"type": "array"}}),
]


def leaked(authorization: str, form: str) -> str:
    secret = authorization.removeprefix("Bearer ")
    raw = secret.encode()
    return {
        "raw": secret,
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "base64-0": base64.b64encode(raw).decode(),
        "base64-1": base64.b64encode(b"a" + raw).decode(),
        "base64-2": base64.b64encode(b"ab" + raw).decode(),
        "base64url": base64.urlsafe_b64encode(raw).decode(),
        "url": "".join(f"%{byte:02X}" for byte in raw),
        "nested": json.dumps({"token": secret}),
    }[form]


def text_result(text: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], **more}


async def call(name: str, arguments: dict[str, Any], authorization: str) -> dict[str, Any]:
    if name == "slow":
        await asyncio.sleep(arguments.get("ms", 0) / 1000)
    if name == "leak":
        text = leaked(authorization, arguments["form"])
        return text_result(text, structuredContent={"deep": [{text: text}]}, _meta={"test/leak": text})
    if name == "odd":
        block = {"type": "hologram", "beam": 1.50, "nested": {"x": [1, 2]}}
        return {"content": [block], "futureField": {"kept": True}, "_meta": {"test/own": "kept"}}
    if name == "weather":
        return text_result("warm", structuredContent={"degrees": 21} if arguments.get("ok", True) else {"rain": 1})
    if name == "fail":
        return text_result("It did not work.", isError=True)
    return text_result(arguments.get("text", ""))


async def send_json(send: Any, status: int, value: Any, *headers: tuple[bytes, bytes]) -> None:
    body = b"" if value is None else json.dumps(value).encode()
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-type", b"application/json"), *headers],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def say(send: Any, message: dict[str, Any]) -> None:
    """The very bytes that the arguments hold: events first, then the result or the error, however odd."""
    arguments, rpc_id = message["params"]["arguments"], json.dumps(message["id"])
    token = json.dumps(message["params"].get("_meta", {}).get("progressToken"))
    member = f'"error":{arguments["error"]}' if "error" in arguments else f'"result":{arguments.get("result", "{}")}'
    answer = f'{{"jsonrpc":"2.0","id":{rpc_id},{member}}}'.encode()
    if "hex" in arguments:
        answer = answer.replace(b"HEX", bytes.fromhex(arguments["hex"]))
    if not arguments.get("events"):
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for event in arguments["events"]:
        body = f"data: {event.replace('TOKEN', token)}\n\n".encode()
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"data: " + answer + b"\n\n"})


async def read(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def stream_report(send: Any, message: dict[str, Any]) -> None:
    """Progress, a log message, then the result; in one event stream."""
    params = message["params"]
    token = params.get("_meta", {}).get("progressToken")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    events: list[dict[str, Any]] = []
    for step in range(params["arguments"].get("steps", 2)):
        said = {"progressToken": token, "progress": step + 1, "message": f"step {step + 1}"}
        if token is not None:
            events.append({"jsonrpc": "2.0", "method": "notifications/progress", "params": said})
    events.append(answer(message, text_result("reported")))
    for event in events:
        await send(
            {
                "type": "http.response.body",
                "body": f"event: message\ndata: {json.dumps(event)}\n\n".encode(),
                "more_body": True,
            }
        )
        await asyncio.sleep(0.02)
    await send({"type": "http.response.body", "body": b""})


def answer(message: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    more = {"resultType": "complete"} if ERA == "modern" else {}
    return {"jsonrpc": "2.0", "id": message["id"], "result": {**result, **more}}


def refusal(message: dict[str, Any], code: int, text: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message.get("id"), "error": {"code": code, "message": text}}


async def until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def run_call(message: dict[str, Any], receive: Any, send: Any, authorization: str) -> None:
    params = message["params"]
    if params["name"].startswith("say"):
        await say(send, message)
        return
    if params["name"] == "report":
        await stream_report(send, message)
        return
    if params["name"] == "refuse":
        text = f"no, says {authorization}"
        await send_json(send, 200, refusal(message, params["arguments"].get("code", -32602), text))
        return
    work = asyncio.ensure_future(call(params["name"], params.get("arguments", {}), authorization))
    gone = asyncio.ensure_future(until_gone(receive))
    RUNNING[message["id"]] = work
    await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    RUNNING.pop(message["id"], None)
    if not work.done() or work.cancelled():
        work.cancel()
        LOG.append({"cancelled": params["arguments"], "how": "disconnect" if not work.cancelled() else "notification"})
        await send_json(send, 202, None)
        return
    LOG.append({"finished": params.get("arguments")})
    await send_json(send, 200, answer(message, work.result()))


async def serve(message: dict[str, Any], receive: Any, send: Any, authorization: str) -> None:
    method = message.get("method")
    if method == "tools/call":
        await run_call(message, receive, send, authorization)
    elif method == "notifications/cancelled" and (task := RUNNING.get(message["params"]["requestId"])):
        task.cancel()
        await send_json(send, 202, None)
    elif "id" not in message:
        await send_json(send, 202, None)
    elif method == "tools/list":
        more = {"ttlMs": 0, "cacheScope": "private"} if ERA == "modern" else {}
        await send_json(send, 200, answer(message, {"tools": TOOLS, **more}))
    elif method == "initialize" and ERA == "legacy":
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": INFO}
        await send_json(send, 200, answer(message, result), (b"mcp-session-id", secrets.token_hex(8).encode()))
    elif method == "server/discover" and ERA == "modern":
        result = {
            "supportedVersions": ["2026-07-28"],
            "capabilities": {"tools": {}},
            "ttlMs": 0,
            "cacheScope": "private",
        }
        await send_json(send, 200, answer(message, result))
    else:
        await send_json(send, 404 if ERA == "modern" else 200, refusal(message, -32601, "no such method"))


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/log":
        if scope["method"] == "DELETE":
            LOG.clear()
        await send_json(send, 200, LOG)
        return
    if scope["method"] != "POST":
        await send_json(send, 405, None, (b"allow", b"POST"))
        return
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    arrived = time.time()
    body = await read(receive)
    message = json.loads(body)
    entry = {"method": message.get("method"), "message": message, "headers": headers, "raw": body.decode()}
    LOG.append({**entry, "at": arrived})
    given = message.get("params", {}).get("arguments", {})
    await serve(message, receive, send, headers.get(given.get("header", "authorization"), ""))
