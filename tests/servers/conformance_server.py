"""The server that the conformance suite expects behind what it tests, built with the official Python SDK.

    python -m tests.servers.conformance_server PORT [--legacy | --modern] [--asks-as-before]

It asks in the way of whoever calls it: in the stream of the call up to 2025-11-25, in the result since 2026-07-28.
`--asks-as-before`: only in the way up to 2025-11-25, as the tools of most servers do. `--legacy`: it doesn't know the
later revision. `--modern`: it doesn't know those before.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import sys
import warnings
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import mcp_types as types
import uvicorn
from mcp.server.lowlevel.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPError

PORT, *FLAGS = sys.argv[1:] or ["0"]
MODERN = "2026-07-28"
Context = Any
Result = dict[str, Any]
Tool = Callable[[Context, dict[str, Any], dict[str, Any]], Awaitable[Result]]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _dot() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _silence() -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 2) + b"\x80\x80"
    return b"RIFF" + struct.pack("<I", len(body)) + body


PNG, WAV = base64.b64encode(_dot()).decode(), base64.b64encode(_silence()).decode()
IMAGE = {"type": "image", "data": PNG, "mimeType": "image/png"}


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def said(*content: dict[str, Any], **more: Any) -> Result:
    return {"content": list(content), **more}


def embedded(uri: str, kind: str, content: str) -> dict[str, Any]:
    return {"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": content}}


# What is asked of the client


class Asks(Exception):
    """The request can go on once the client has answered."""

    def __init__(self, requests: dict[str, Any], state: str | None) -> None:
        super().__init__("input required")
        self.requests, self.state = requests, state


async def ask(ctx: Context, params: dict[str, Any], requests: dict[str, Any], state: str | None = None) -> Any:
    """The answers by key: from the request itself, or from the client while it waits."""
    if ctx.protocol_version != MODERN or "--asks-as-before" in FLAGS:
        return {key: await ask_now(ctx, request) for key, request in requests.items()}
    given = params.get("inputResponses") or {}
    if any(not is_answer(request, given.get(key)) for key, request in requests.items()):
        raise Asks(requests, state)
    return given


def is_answer(request: dict[str, Any], answer: Any) -> bool:
    needed = {"elicitation/create": "action", "sampling/createMessage": "content", "roots/list": "roots"}
    return isinstance(answer, dict) and needed[request["method"]] in answer


async def ask_now(ctx: Context, request: dict[str, Any]) -> Any:
    declared = ctx.session.client_capabilities
    name = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
    if declared is None or getattr(declared, name[request["method"]]) is None:
        raise ValueError("The client can't be asked this.")
    return await ctx.session._request_outbound.send_raw_request(request["method"], request.get("params"), None)


def form(message: str, properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required or list(properties)}
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def sample(prompt: str, most: int) -> dict[str, Any]:
    message = {"role": "user", "content": text(prompt)}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": most}}


ROOTS = {"method": "roots/list", "params": {}}
NAME = form("What is your name?", {"name": {"type": "string"}})


# Tools


async def simple_text(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(text("This is a simple text response for testing."))


async def image(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(IMAGE)


async def audio(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said({"type": "audio", "data": WAV, "mimeType": "audio/wav"})


async def embedded_resource(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."))


async def mixed(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    data = json.dumps({"test": "data", "value": 123})
    inner = embedded("test://mixed-content-resource", "application/json", data)
    return said(text("Multiple content types test:"), IMAGE, inner)


async def logging(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    for number, what in enumerate(("Tool execution started", "Tool processing data", "Tool execution completed")):
        if number:
            await asyncio.sleep(0.05)
        await ctx.session.send_log_message("info", what, related_request_id=ctx.request_id)
    return said(text("Logged."))


async def progress(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    for number, step in enumerate((0, 50, 100)):
        if number:
            await asyncio.sleep(0.05)
        await ctx.session.report_progress(step, 100)
    return said(text("Went from 0 to 100."))


async def error(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(text("This tool intentionally returns an error for testing"), isError=True)


async def sampling(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    got = await ask(ctx, params, {"model": sample(arguments.get("prompt", ""), 100)})
    return said(text(f"LLM response: {got['model']['content'].get('text', '')}"))


async def elicitation(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    fields = {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    }
    got = await ask(ctx, params, {"user": form(arguments.get("message", ""), fields)})
    return said(text(f"User response: {json.dumps(got['user'])}"))


async def defaults(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    fields = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    return completed(await ask(ctx, params, {"user": form("Please check these.", fields, [])}))


async def enums(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    options = ["option1", "option2", "option3"]
    titled = [{"const": f"value{n}", "title": f"{word} Option"} for n, word in enumerate(("First", "Second"), 1)]
    choices = [{"const": f"value{n}", "title": f"{word} Choice"} for n, word in enumerate(("First", "Second"), 1)]
    names = ["Option One", "Option Two", "Option Three"]
    fields = {
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": names},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": choices}},
    }
    return completed(await ask(ctx, params, {"user": form("Please choose.", fields, [])}))


def completed(got: Any) -> Result:
    user = got["user"]
    return said(text(f"Elicitation completed: action={user['action']}, content={json.dumps(user.get('content'))}"))


async def ask_name(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    got = await ask(ctx, params, {"user_name": NAME})
    return said(text(f"Hello, {(got['user_name'].get('content') or {}).get('name')}!"))


async def ask_model(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    got = await ask(ctx, params, {"capital_question": sample("What is the capital of France?", 100)})
    return said(text(str(got["capital_question"]["content"].get("text"))))


async def ask_roots(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    got = await ask(ctx, params, {"client_roots": ROOTS})
    return said(text(", ".join(str(root["uri"]) for root in got["client_roots"]["roots"])))


async def ask_with_state(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    request = form("Please confirm", {"ok": {"type": "boolean"}})
    await ask(ctx, params, {"confirm": request}, "to-be-confirmed")
    is_known = ctx.protocol_version != MODERN or params.get("requestState") == "to-be-confirmed"
    return said(text("state-ok" if is_known else "the state is missing"))


async def ask_several(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    requests = {"user_name": NAME, "greeting": sample("Generate a greeting", 50), "client_roots": ROOTS}
    got = await ask(ctx, params, requests, "three-questions")
    return said(text(f"Got {len(got)} answers."))


async def ask_in_rounds(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    first = {"step1": form("Step 1: What is your name?", {"name": {"type": "string"}})}
    second = {"step2": form("Step 2: What is your favorite color?", {"color": {"type": "string"}})}
    if params.get("requestState") != "round-2":
        await ask(ctx, params, first, "round-1")
        if ctx.protocol_version == MODERN:
            raise Asks(second, "round-2")
    await ask(ctx, params, second, "round-2")
    return said(text("Both rounds are done."))


async def ask_what_is_declared(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    declared = ctx.session.client_capabilities
    requests: dict[str, Any] = {}
    if declared is not None and declared.sampling is not None:
        requests["model"] = sample("Say something.", 20)
    if declared is not None and declared.elicitation is not None:
        requests["user"] = NAME
    if requests:
        await ask(ctx, params, requests)
    return said(text(f"Asked for {len(requests)} things."))


async def missing_capability(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    declared = ctx.session.client_capabilities
    if declared is None or declared.sampling is None:
        raise MCPError(-32021, "This needs a client with sampling.", {"requiredCapabilities": {"sampling": {}}})
    return said(text("The client has sampling."))


async def logging_tool(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    await ctx.session.send_log_message("info", "logged", related_request_id=ctx.request_id)
    return said(text("Logged once."))


async def streaming_elicitation(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    await ctx.session.report_progress(1, 2)
    return await ask_name(ctx, arguments, params)


async def trigger_tools(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    await BUS.publish(ToolsListChanged())
    if ctx.protocol_version != MODERN:
        await ctx.session.send_tool_list_changed()
    return said(text("Said that the tools changed."))


async def trigger_prompts(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    await BUS.publish(PromptsListChanged())
    if ctx.protocol_version != MODERN:
        await ctx.session.send_prompt_list_changed()
    return said(text("Said that the prompts changed."))


async def reconnection(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
        await asyncio.sleep(0.3)
    return said(text("Still here after the stream was closed."))


CANCELLED: list[str] = []


async def wait(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    try:
        await asyncio.sleep(20)
    except asyncio.CancelledError:
        CANCELLED.append(str(arguments.get("mark")))
        raise
    return said(text("Waited to the end."))


async def cancelled(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(text(json.dumps(CANCELLED)))


def schema(properties: dict[str, Any] | None = None, *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties or {}, "required": list(required)}


RICH_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
REGION = {"region": {"type": "string", "x-mcp-header": "Region", "description": "Where"}}

TOOLS: dict[str, tuple[Tool, dict[str, Any]]] = {
    "test_simple_text": (simple_text, schema()),
    "test_image_content": (image, schema()),
    "test_audio_content": (audio, schema()),
    "test_embedded_resource": (embedded_resource, schema()),
    "test_multiple_content_types": (mixed, schema()),
    "test_tool_with_logging": (logging, schema()),
    "test_tool_with_progress": (progress, schema()),
    "test_error_handling": (error, schema()),
    "test_sampling": (sampling, schema({"prompt": {"type": "string"}}, "prompt")),
    "test_elicitation": (elicitation, schema({"message": {"type": "string"}}, "message")),
    "test_elicitation_sep1034_defaults": (defaults, schema()),
    "test_elicitation_sep1330_enums": (enums, schema()),
    "test_input_required_result_elicitation": (ask_name, schema()),
    "test_input_required_result_sampling": (ask_model, schema()),
    "test_input_required_result_list_roots": (ask_roots, schema()),
    "test_input_required_result_request_state": (ask_with_state, schema()),
    "test_input_required_result_multiple_inputs": (ask_several, schema()),
    "test_input_required_result_multi_round": (ask_in_rounds, schema()),
    "test_input_required_result_tampered_state": (ask_with_state, schema()),
    "test_input_required_result_capabilities": (ask_what_is_declared, schema()),
    "test_missing_capability": (missing_capability, schema()),
    "test_logging_tool": (logging_tool, schema()),
    "test_streaming_elicitation": (streaming_elicitation, schema()),
    "test_trigger_tool_change": (trigger_tools, schema()),
    "test_trigger_prompt_change": (trigger_prompts, schema()),
    "test_reconnection": (reconnection, schema()),
    "wait": (wait, schema({"mark": {"type": "string"}}, "mark")),
    "cancelled": (cancelled, schema()),
    "test_x_mcp_header": (simple_text, schema(REGION)),
    "json_schema_2020_12_tool": (simple_text, RICH_SCHEMA),
}


# Prompts and resources


def user(content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": content}


PROMPTS = {
    "test_simple_prompt": [],
    "test_prompt_with_arguments": ["arg1", "arg2"],
    "test_prompt_with_embedded_resource": ["resourceUri"],
    "test_prompt_with_image": [],
    "test_input_required_result_prompt": [],
}


async def prompt(ctx: Context, params: dict[str, Any]) -> Result:
    name, arguments = params["name"], params.get("arguments") or {}
    if name == "test_simple_prompt":
        return {"messages": [user(text("This is a simple prompt for testing."))]}
    if name == "test_prompt_with_arguments":
        line = f"Prompt with arguments: arg1='{arguments.get('arg1')}', arg2='{arguments.get('arg2')}'"
        return {"messages": [user(text(line))]}
    if name == "test_prompt_with_embedded_resource":
        inner = embedded(str(arguments.get("resourceUri")), "text/plain", "Embedded resource content for testing.")
        return {"messages": [user(inner), user(text("Please process the embedded resource above."))]}
    if name == "test_prompt_with_image":
        return {"messages": [user(IMAGE), user(text("Please analyze the image above."))]}
    if name == "test_input_required_result_prompt":
        wanted = form("What context should the prompt use?", {"context": {"type": "string"}})
        got = await ask(ctx, params, {"user_context": wanted})
        return {"messages": [user(text(str((got["user_context"].get("content") or {}).get("context"))))]}
    raise MCPError(-32602, f"There is no prompt {name}.")


RESOURCES = {
    "test://static-text": ("Static text", "text/plain"),
    "test://static-binary": ("Static binary", "image/png"),
    "test://watched-resource": ("Watched", "text/plain"),
}


def resource(uri: str) -> Result:
    if uri == "test://static-binary":
        return {"contents": [{"uri": uri, "mimeType": "image/png", "blob": PNG}]}
    if uri == "test://static-text":
        content = "This is the content of the static text resource."
        return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": content}]}
    if uri == "test://watched-resource":
        return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": "Watched."}]}
    head, tail = "test://template/", "/data"
    if uri.startswith(head) and uri.endswith(tail):
        number = uri[len(head) : -len(tail)]
        data = {"id": number, "templateTest": True, "data": f"Data for ID: {number}"}
        return {"contents": [{"uri": uri, "mimeType": "application/json", "text": json.dumps(data)}]}
    raise MCPError(-32602, "There is no such resource.", {"uri": uri})


# The server


async def on_call_tool(ctx: Context, params: types.CallToolRequestParams) -> Any:
    raw = params.model_dump(by_alias=True, mode="json", exclude_none=True)
    if params.name not in TOOLS:
        raise MCPError(-32602, f"There is no tool {params.name}.")
    return await asked(TOOLS[params.name][0](ctx, raw.get("arguments") or {}, raw))


async def on_get_prompt(ctx: Context, params: types.GetPromptRequestParams) -> Any:
    return await asked(prompt(ctx, params.model_dump(by_alias=True, mode="json", exclude_none=True)))


async def asked(work: Awaitable[Result]) -> Any:
    try:
        return await work
    except Asks as question:
        return types.InputRequiredResult.model_validate(
            {"inputRequests": question.requests, "requestState": question.state}
        )
    except ValueError as problem:
        return said(text(str(problem)), isError=True)


async def on_list_tools(ctx: Context, params: Any) -> Any:
    return {
        "tools": [
            {"name": name, "description": f"{name.replace('_', ' ')}.", "inputSchema": shape}
            for name, (_, shape) in TOOLS.items()
        ]
    }


async def on_list_prompts(ctx: Context, params: Any) -> Any:
    return {
        "prompts": [
            {
                "name": name,
                "description": f"{name.replace('_', ' ')}.",
                "arguments": [{"name": one, "description": one, "required": True} for one in arguments],
            }
            for name, arguments in PROMPTS.items()
        ]
    }


async def on_list_resources(ctx: Context, params: Any) -> Any:
    return {
        "resources": [
            {"uri": uri, "name": name, "description": f"{name}, for testing.", "mimeType": kind}
            for uri, (name, kind) in RESOURCES.items()
        ]
    }


async def on_list_templates(ctx: Context, params: Any) -> Any:
    template = {"uriTemplate": "test://template/{id}/data", "name": "By id", "description": "Data by id."}
    return {"resourceTemplates": [{**template, "mimeType": "application/json"}]}


async def on_read(ctx: Context, params: types.ReadResourceRequestParams) -> Any:
    return resource(str(params.uri))


def dressed(handler: Callable[..., Awaitable[Any]], *, is_cached: bool = False) -> Any:
    """With what the later revision wants in each result."""

    async def answer(ctx: Context, params: Any) -> Any:
        result = await handler(ctx, params)
        if ctx.protocol_version != MODERN or not isinstance(result, dict):
            return result
        caching = {"ttlMs": 1000, "cacheScope": "private"} if is_cached else {}
        return {"resultType": "complete", **caching, **result}

    return answer


async def on_nothing(ctx: Context, params: Any) -> types.EmptyResult:
    return types.EmptyResult()


async def on_complete(ctx: Context, params: types.CompleteRequestParams) -> Any:
    values = [one for one in ("paris", "park", "party") if one.startswith(params.argument.value)]
    return {"completion": {"values": values, "total": len(values), "hasMore": False}}


class Kept(EventStore):
    """The events of this process, all of them: its streams are short."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    async def store_event(self, stream_id: str, message: Any) -> str:
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id: str, send_callback: Any) -> str | None:
        number = int(last_event_id) if last_event_id.isdecimal() else 0
        if not 0 < number <= len(self.events):
            return None
        stream = self.events[number - 1][0]
        for later, (one, message) in enumerate(self.events[number:], number + 1):
            if one == stream and message is not None:
                await send_callback(EventMessage(message, str(later)))
        return stream


BUS = InMemorySubscriptionBus()
server: Server[Any] = Server(
    "conformance-fixture",
    version="1",
    on_list_tools=dressed(on_list_tools, is_cached=True),
    on_call_tool=dressed(on_call_tool),
    on_list_prompts=dressed(on_list_prompts, is_cached=True),
    on_get_prompt=dressed(on_get_prompt),
    on_list_resources=dressed(on_list_resources, is_cached=True),
    on_list_resource_templates=dressed(on_list_templates, is_cached=True),
    on_read_resource=dressed(on_read, is_cached=True),
    on_subscribe_resource=on_nothing,
    on_unsubscribe_resource=on_nothing,
    on_subscriptions_listen=ListenHandler(BUS),
    on_completion=dressed(on_complete),
    on_set_logging_level=on_nothing,
    get_tool_input_schema=lambda name: TOOLS[name][1] if name in TOOLS else None,
)
server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience="fixture"))


class OneEra:
    """Refuses the other era in the way of a server that has never heard of it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def refuses(self, scope: Any) -> bool:
        is_modern = dict(scope.get("headers", ())).get(b"mcp-protocol-version") == MODERN.encode()
        return scope["type"] == "http" and (is_modern if "--legacy" in FLAGS else not is_modern)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.refuses(scope) and scope["path"] != "/":
            body = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Unsupported version"}}'
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 400, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        await self.app(scope, receive, send)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # what is deprecated is served all the same
    app: Any = server.streamable_http_app(event_store=Kept(), retry_interval=100)
    uvicorn.run(
        OneEra(app) if {"--legacy", "--modern"} & set(FLAGS) else app,
        host="127.0.0.1",
        port=int(PORT),
        http="h11",  # httptools leaves the spaces after a header's value, which the suite sends, where they are
        log_level="warning",
        access_log=False,
    )
