"""Requests that go on to a server, as governed calls: tools/call, prompts/get, resources/read, completion/complete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import msgspec

from harriet.gateway.errors import RpcRefusal
from harriet.gateway.http.exchange import joined
from harriet.gateway.protocol.messages import Incoming
from harriet.gateway.protocol.tool_search import CALL_TOOL, inner_call
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.steps.patience import patience_told
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.error_codes import INVALID_PARAMS
from harriet.lib.mcp.methods import COMPLETION_COMPLETE, PROMPTS_GET, RESOURCES_READ, TOOLS_CALL
from harriet.lib.text import excerpt
from harriet.lib.trace_context import with_trace

_LONGEST_CLIENT = 120
"""Characters of what a client calls itself."""
LONGEST_ADDRESS = 8192
"""Characters of a resource's URI."""
_COMPLETED = ("argument", "context")


def base_call(visit: Visit, message: Incoming, name: str, arguments: bytes, values: Any, method: str) -> Call:
    """A call with all that every method has: who, where from, with which `_meta` and capabilities."""
    exchange = visit.exchange
    prefer = joined(exchange.scope, exchange.headers, b"prefer")
    return Call(
        snapshot=visit.snapshot,
        principal=visit.principal,
        profile=visit.profile,
        name=name,
        arguments=arguments,
        values=values,
        method=method,
        more=b',"inputResponses":' + message.responses if message.responses else b"",
        meta=with_trace(message.meta, exchange.headers),
        patience=patience_told(exchange.headers, prefer),
    )


async def tool_call(visit: Visit, message: Incoming) -> Call:
    """Raises RpcRefusal when the message is no tools/call."""
    name, values = _name_and_arguments(message, "tools/call names its tool")
    arguments = message.arguments if message.arguments else b"{}"
    if visit.profile.is_progressive and name == CALL_TOOL:
        name, arguments, values = inner_call(arguments, values)
    return base_call(visit, message, name, arguments, values, TOOLS_CALL)


async def prompt_call(visit: Visit, message: Incoming) -> Call:
    """prompts/get. Raises RpcRefusal."""
    name, values = _name_and_arguments(message, "prompts/get names its prompt")
    return base_call(visit, message, name, message.arguments or b"{}", values, PROMPTS_GET)


async def resource_call(visit: Visit, message: Incoming) -> Call:
    """resources/read. Raises RpcRefusal for no address, NotOffered for one of nobody's."""
    address = address_in(message.params)
    connector_id, uri = await visit.runtime.lists.owner_of(
        address, visit.view(), visit.snapshot, visit.profile, visit.principal.user_id
    )
    values = {"uri": uri}
    call = base_call(visit, message, address, msgspec.json.encode(values), values, RESOURCES_READ)
    call.connector_id = connector_id
    return call


async def completion_call(visit: Visit, message: Incoming) -> Call:
    """A completion belongs to the prompt or the resources that it completes, and obeys the same rules."""
    ref, argument = message.params.get("ref"), message.params.get("argument")
    if not isinstance(ref, dict) or not isinstance(argument, dict):
        raise RpcRefusal(INVALID_PARAMS, "completion/complete has a ref and an argument, both objects.")
    values: dict[str, Any] = {key: message.params[key] for key in _COMPLETED if key in message.params}
    if ref.get("type") == "ref/prompt" and isinstance(ref.get("name"), str):
        grant = visit.view().prompts.get(ref["name"])
        upstream: dict[str, Any] = {"ref": {**ref, "name": grant.tool.name if grant else ref["name"]}, **values}
        return base_call(visit, message, ref["name"], msgspec.json.encode(upstream), upstream, COMPLETION_COMPLETE)
    if ref.get("type") == "ref/resource":
        address = address_in(ref)
        connector_id, uri = await visit.runtime.lists.owner_of(
            address, visit.view(), visit.snapshot, visit.profile, visit.principal.user_id
        )
        upstream = {"ref": {**ref, "uri": uri}, **values}
        call = base_call(visit, message, address, msgspec.json.encode(upstream), upstream, COMPLETION_COMPLETE)
        call.connector_id = connector_id
        return call
    raise RpcRefusal(
        INVALID_PARAMS, "The ref of a completion is a ref/prompt with a name, or a ref/resource with a uri."
    )


CALLS: dict[str, Callable[[Visit, Incoming], Awaitable[Call]]] = {
    TOOLS_CALL: tool_call,
    PROMPTS_GET: prompt_call,
    RESOURCES_READ: resource_call,
    COMPLETION_COMPLETE: completion_call,
}


def client_label(said: str) -> str:
    """What a client calls itself, which nobody believes: on one line, with nothing hidden and nothing that the database
    does not take."""
    return _label(said[: 2 * _LONGEST_CLIENT])


@lru_cache(1024)
def _label(said: str) -> str:
    return excerpt(said, _LONGEST_CLIENT)


def address_in(params: dict[str, Any]) -> str:
    """The resource that the params name. Raises RpcRefusal."""
    uri = params.get("uri")
    if not isinstance(uri, str) or not uri or len(uri) > LONGEST_ADDRESS or "\0" in uri:
        named = f"A resource is named by its uri, of at most {LONGEST_ADDRESS} letters and no NUL."
        raise RpcRefusal(INVALID_PARAMS, named)
    return uri


def _name_and_arguments(message: Incoming, what: str) -> tuple[str, dict[str, Any]]:
    name, values = message.params.get("name"), message.params.get("arguments")
    if not isinstance(name, str) or not name:
        raise RpcRefusal(INVALID_PARAMS, f"A {what}.")
    if not isinstance(values, dict | None):
        raise RpcRefusal(INVALID_PARAMS, "The arguments are an object.")
    if values is None:
        message.arguments = b"{}"
    return name, values or {}
