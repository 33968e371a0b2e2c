"""The stateless era, 2026-07-28: every request brings its version, client and routing headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from harriet.gateway.call import Call
from harriet.gateway.errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    UNSUPPORTED_VERSION,
    CallCancelled,
    GatewayError,
    RpcRefusal,
)
from harriet.gateway.policy import view_of

from . import methods
from .messages import LEGACY_VERSIONS, MODERN_VERSIONS, SERVER_INFO, Incoming, incoming, raw_error_body, result_body
from .param_headers import check_param_headers, decoded

if TYPE_CHECKING:
    from harriet.gateway.http import Exchange

    from .dispatch import Visit

_PREFIX = "io.modelcontextprotocol/"
VERSION_META = _PREFIX + "protocolVersion"
CLIENT_META = _PREFIX + "clientInfo"
CAPABILITIES_META = _PREFIX + "clientCapabilities"
SERVER_META = {_PREFIX + "serverInfo": SERVER_INFO}
FRESH_FOR_MS = 10_000
"""How long a client may keep the list of tools. Calls are checked anew each time, whatever the client remembers."""

_STATUS = {METHOD_NOT_FOUND: 404}
_REFUSED_WITH_400 = frozenset({INVALID_REQUEST, INVALID_PARAMS, HEADER_MISMATCH, UNSUPPORTED_VERSION})
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_COMPLETE = msgspec.Raw(b'"complete"')


async def serve(visit: Visit, version: str, body: bytes, values: Any) -> None:
    reply = visit.exchange.reply
    if isinstance(values, list):
        raise RpcRefusal(INVALID_REQUEST, "The body is one JSON-RPC request or notification; there are no batches.")
    message = incoming(body, values)
    if not message.method:
        raise RpcRefusal(INVALID_REQUEST, "This revision has no requests from the server, so no responses to them.")
    if not message.id:
        _check_supported(version)
        await reply.finish(202, b"")
        return
    call = None
    try:
        check_envelope(visit.exchange, version, message)
        if message.method == "tools/call":
            call = methods.call_from(visit, message, _client(message.meta))
            await reply.finish(200, await _call(visit, message, call))
        else:
            await reply.finish(200, result_body(message.id, msgspec.json.encode(_result(visit, message))))
    except CallCancelled:
        await reply.finish(202, b"")
    except GatewayError as problem:
        await _refuse(visit, message, problem, call)


def check_envelope(exchange: Exchange, version: str, message: Incoming) -> None:
    """The ladder that every request climbs; the first rung that fails answers (SPEC basic/versioning). Clients that
    speak both eras tell by the code whether to fall back to initialize."""
    meta = message.meta
    named = meta.get(VERSION_META)
    if not isinstance(named, str) or not isinstance(meta.get(CAPABILITIES_META), dict):
        raise RpcRefusal(INVALID_PARAMS, f"params._meta must have {VERSION_META} and {CAPABILITIES_META}.")
    if exchange.has_duplicates and exchange.has_twice(b"mcp-protocol-version", b"mcp-method", b"mcp-name"):
        raise RpcRefusal(HEADER_MISMATCH, "A routing header is there twice.")
    _check_header("MCP-Protocol-Version", version, named)
    _check_header("Mcp-Method", _header(exchange, b"mcp-method"), message.method)
    member = _NAMED.get(message.method)
    if member is not None:
        _check_header("Mcp-Name", decoded(_header(exchange, b"mcp-name")), message.params.get(member))
    _check_supported(named)


def _check_header(name: str, sent: str | None, meant: Any) -> None:
    if sent is None or sent != meant:
        raise RpcRefusal(HEADER_MISMATCH, f"The header {name} must be there and repeat what the message says.")


def _check_supported(version: str) -> None:
    if version not in MODERN_VERSIONS:
        supported = [*MODERN_VERSIONS, *reversed(LEGACY_VERSIONS)]
        raise RpcRefusal(
            UNSUPPORTED_VERSION,
            "Harriet doesn't speak this protocol version.",
            error_data={"supported": supported, "requested": version},
        )


def _header(exchange: Exchange, name: bytes) -> str | None:
    value = exchange.headers.get(name)
    return value.decode("latin-1").strip() if value is not None else None


def _client(meta: dict[str, Any]) -> str:
    """What the client calls itself: a label, never believed."""
    info = meta.get(CLIENT_META)
    if not isinstance(info, dict):
        return ""
    return f"{info.get('title') or info.get('name') or ''} {info.get('version') or ''}".strip()


def _result(visit: Visit, message: Incoming) -> dict[str, Any]:
    if message.method == "tools/list":
        result = methods.tools_page(visit, message.params)
    elif message.method == "server/discover":
        result = {
            "supportedVersions": [*MODERN_VERSIONS, *reversed(LEGACY_VERSIONS)],
            "capabilities": methods.CAPABILITIES,
            "instructions": methods.instructions(visit),
        }
    else:
        raise RpcRefusal(METHOD_NOT_FOUND, f"Harriet has no method {message.method[:60]!r}; it offers tools.")
    caching = {"ttlMs": FRESH_FOR_MS, "cacheScope": "private"}
    return {**result, **caching, "resultType": "complete", "_meta": SERVER_META}


async def _call(visit: Visit, message: Incoming, call: Call) -> bytes:
    grant = view_of(visit.snapshot, visit.principal, visit.profile).grants.get(call.name)
    if grant is not None:
        check_param_headers(visit.exchange.headers, grant.tool.definition, call.values)
    fields = await methods.attend(visit, message, call, leaving_cancels=True)
    fields["resultType"] = _COMPLETE
    return result_body(message.id, methods.with_meta(fields, {**SERVER_META, **methods.call_meta(call)}))


async def _refuse(visit: Visit, message: Incoming, problem: GatewayError, call: Call | None) -> None:
    status, error = methods.refusal_error(problem, call)
    code = error["code"]
    by_code = 400 if code in _REFUSED_WITH_400 else _STATUS.get(code, 200)
    await visit.exchange.reply.finish(status or by_code, raw_error_body(message.id, msgspec.json.encode(error)))
