"""The server that the conformance suite expects behind what it tests, built with the official Python SDK.

    python -m tests.servers.conformance_server PORT [--legacy | --modern] [--asks-as-before]

It asks in the way of whoever calls it: in the stream of the call up to 2025-11-25, in the result since 2026-07-28.
`--asks-as-before`: only in the way up to 2025-11-25, as the tools of most servers do. `--legacy`: it doesn't know the
later revision. `--modern`: it doesn't know those before.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import mcp_types as types
import uvicorn
from mcp.server.lowlevel.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError

from tests.servers.conformance.asking import Asks
from tests.servers.conformance.content import Context, Result, said, text
from tests.servers.conformance.prompts import PROMPTS, prompt
from tests.servers.conformance.resources import RESOURCES, resource
from tests.servers.conformance.start import FLAGS, MODERN, PORT
from tests.servers.conformance.tools import BUS, TOOLS


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
