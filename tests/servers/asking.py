"""A small MCP server that asks back, with resources and prompts, in the era that UPSTREAM_ERA names.

Legacy: it asks in the stream of the call. Modern: it answers `input_required`. GET /log gives what arrived.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from tests.servers.upstream import read, send_json, text_result, tool

ERA = os.environ.get("UPSTREAM_ERA", "legacy")
LOG: list[dict[str, Any]] = []
WAITING: dict[str, asyncio.Future[dict[str, Any]]] = {}
FORM = {
    "message": "How many?",
    "requestedSchema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
}
TOOLS = [tool("ask", {}), tool("ask_twice", {}), tool("sample", {}), tool("state", {"x": {"type": "integer"}})]
PROMPTS = [{"name": "greet", "description": "Greets.", "arguments": [{"name": "who", "required": True}]}]
RESOURCES = [{"uri": "note://one", "name": "One"}, {"uri": "note://two", "name": "Two"}]
TEMPLATES = [{"uriTemplate": "note://by/{name}", "name": "By name"}]
CAPABILITIES = {"tools": {}, "prompts": {}, "resources": {"subscribe": True}, "completions": {}}


def elicitation() -> dict[str, Any]:
    return {"method": "elicitation/create", "params": FORM}


def sampling() -> dict[str, Any]:
    message = {"role": "user", "content": {"type": "text", "text": "Say hi."}}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": 9}}


QUESTIONS = {"ask": [elicitation()], "ask_twice": [elicitation(), elicitation()], "sample": [sampling()]}


def said(answers: list[dict[str, Any]]) -> dict[str, Any]:
    return text_result(" and ".join(json.dumps(answer, sort_keys=True) for answer in answers))


def finished(message: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    more = {"resultType": "complete"} if ERA == "modern" and "resultType" not in result else {}
    return {"jsonrpc": "2.0", "id": message["id"], "result": {**result, **more}}


async def ask_in_stream(message: dict[str, Any], send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    answers = []
    for number, question in enumerate(QUESTIONS[message["params"]["name"]]):
        name = f"{message['id']}-{number}"
        WAITING[name] = asyncio.get_running_loop().create_future()
        await event(send, {"jsonrpc": "2.0", "id": name, **question})
        answers.append(await WAITING[name])
        del WAITING[name]
    await event(send, finished(message, said(answers)), more=False)


async def event(send: Any, value: dict[str, Any], *, more: bool = True) -> None:
    body = f"event: message\ndata: {json.dumps(value)}\n\n".encode()
    await send({"type": "http.response.body", "body": body, "more_body": more})


def modern_call(params: dict[str, Any]) -> dict[str, Any]:
    if params["name"] == "state":
        return with_state(params)
    asked = {f"q{number}": question for number, question in enumerate(QUESTIONS[params["name"]])}
    given = params.get("inputResponses", {})
    if asked.keys() - given.keys():
        return {"resultType": "input_required", "inputRequests": asked}
    return said([given[key] for key in sorted(asked)])


def with_state(params: dict[str, Any]) -> dict[str, Any]:
    state = params.get("requestState")
    if state is None:
        return {"resultType": "input_required", "inputRequests": {"q": elicitation()}, "requestState": "upstream-state"}
    return said([{"state": state, **params.get("inputResponses", {})}])


def result_of(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    caching = {"ttlMs": 0, "cacheScope": "private"} if ERA == "modern" else {}
    if method == "initialize" and ERA == "legacy":
        info = {"name": "asking", "version": "1"}
        return {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "serverInfo": info}
    if method == "server/discover" and ERA == "modern":
        return {"supportedVersions": ["2026-07-28"], "capabilities": CAPABILITIES, **caching}
    lists = {
        "tools/list": {"tools": TOOLS},
        "prompts/list": {"prompts": PROMPTS},
        "resources/list": {"resources": RESOURCES},
        "resources/templates/list": {"resourceTemplates": TEMPLATES},
    }
    if method in lists:
        return {**lists[method], **caching}
    if method == "prompts/get":
        content = {"type": "text", "text": f"Hello {params['arguments']['who']}"}
        return {"messages": [{"role": "user", "content": content}]}
    if method == "resources/read":
        return {"contents": [{"uri": params["uri"], "text": f"the text of {params['uri']}"}], **caching}
    if method == "completion/complete":
        return {"completion": {"values": [params["argument"]["value"] + "!", json.dumps(params["ref"])]}}
    return None


async def serve(message: dict[str, Any], send: Any) -> None:
    method, params = message.get("method"), message.get("params", {})
    if method is None and message.get("id") in WAITING:
        WAITING[message["id"]].set_result(message.get("result") or {"error": message.get("error")})
    if method is None or "id" not in message:
        await send_json(send, 202, None)
    elif method == "tools/call" and ERA == "legacy":
        await ask_in_stream(message, send)
    elif method == "tools/call":
        await send_json(send, 200, finished(message, modern_call(params)))
    elif (result := result_of(method, params)) is not None:
        session = [(b"mcp-session-id", b"asking-session")] if method == "initialize" else []
        await send_json(send, 200, finished(message, result), *session)
    else:
        error = {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no such method"}}
        await send_json(send, 404 if ERA == "modern" else 200, error)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/log":
        await send_json(send, 200, LOG)
        return
    if scope["method"] != "POST":
        await send_json(send, 405, None, (b"allow", b"POST"))
        return
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    message = json.loads(await read(receive))
    LOG.append({"message": message, "headers": headers})
    await serve(message, send)
