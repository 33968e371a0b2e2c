"""The sample server's endpoint: Streamable HTTP in both protocol eras, without sessions, as a raw ASGI application."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

import orjson

from connectors.sample import sample_token
from connectors.sample.tools import TOOLS, is_known, run
from harriet.lib.json.canonical import NotRepresentable, parse_strict
from harriet.lib.mcp.error_codes import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    UNSUPPORTED_VERSION,
)
from harriet.lib.mcp.headers import METHOD_HEADER, NAME_HEADER, PROTOCOL_VERSION_HEADER
from harriet.lib.mcp.meta import CLIENT_CAPABILITIES_KEY, PROTOCOL_VERSION_KEY, SERVER_INFO_KEY
from harriet.lib.mcp.methods import INITIALIZE, PING, SERVER_DISCOVER, TOOLS_CALL, TOOLS_LIST
from harriet.lib.mcp.param_headers import decode_value
from harriet.lib.mcp.versions import LEGACY_VERSIONS, MODERN_VERSION, NEWEST_LEGACY, SSE_ONLY, SUPPORTED

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST_BODY = 64 * 1024
"""Bytes of a request."""
SERVER_INFO = {"name": "harriet-sample", "title": "Sample CRM", "version": "1.0.0"}
CAPABILITIES = {"tools": {"listChanged": False}}
INSTRUCTIONS = "A made-up customer list to try Harriet with. Nothing that it changes is kept."


class Refusal(Exception):
    """A JSON-RPC error, and the HTTP status it has in the modern era."""

    def __init__(self, code: int, message: str, *, status: int = 400, more: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "message": message, **({"data": more} if more else {})}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI; only `http` scopes come here."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["method"] != "POST":
        return await _reply(send, 405, None, (b"allow", b"POST"))
    if not hmac.compare_digest(headers.get("authorization", "").encode(), _expected()):
        return await _reply(send, 401, None, (b"www-authenticate", b'Bearer realm="Sample CRM"'))
    body = await _body(receive)
    if body is None:
        return await _reply(send, 413, None)
    status, answer = respond(headers, body)
    return await _reply(send, status, answer)


def respond(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any] | None]:
    """HTTP status and JSON-RPC answer; None where there is nothing to say."""
    message_id = None
    version = headers.get(PROTOCOL_VERSION_HEADER.lower(), SSE_ONLY)
    is_modern = version not in LEGACY_VERSIONS
    try:
        message = _message(body)
        message_id = message.get("id")
        if "method" not in message or "id" not in message:
            return 202, None
        params = message.get("params") or {}
        if not isinstance(params, dict):
            raise Refusal(INVALID_PARAMS, "params must be an object")
        if is_modern:
            _check_headers(headers, version, message["method"], params)
        result = _result(message["method"], params, is_modern=is_modern)
    except Refusal as refusal:
        is_readable = message_id is not None
        status = refusal.status if is_modern or not is_readable else 200
        return status, {"jsonrpc": "2.0", "id": message_id, "error": refusal.error}
    return 200, {"jsonrpc": "2.0", "id": message_id, "result": result}


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = parse_strict(body)
    except NotRepresentable as problem:
        raise Refusal(PARSE_ERROR, problem.message) from None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Refusal(INVALID_REQUEST, "the body must be one JSON-RPC 2.0 message")
    return message


def _check_headers(headers: dict[str, str], version: str, method: object, params: dict[str, Any]) -> None:
    """The ladder of the 2026-07-28 revision: what a header repeats must be what the body says."""
    meta = params.get("_meta")
    if not isinstance(meta, dict) or not isinstance(meta.get(CLIENT_CAPABILITIES_KEY), dict):
        raise Refusal(INVALID_PARAMS, "_meta must hold the protocol version and the client's capabilities")
    if meta.get(PROTOCOL_VERSION_KEY) != version:
        raise Refusal(HEADER_MISMATCH, "MCP-Protocol-Version differs from _meta")
    if headers.get(METHOD_HEADER.lower()) != method:
        raise Refusal(HEADER_MISMATCH, "Mcp-Method differs from the body")
    if method == TOOLS_CALL and decode_value(headers.get(NAME_HEADER.lower(), "")) != params.get("name"):
        raise Refusal(HEADER_MISMATCH, "Mcp-Name differs from the body")
    if version != MODERN_VERSION:
        versions = {"supported": list(SUPPORTED), "requested": version}
        raise Refusal(UNSUPPORTED_VERSION, "this protocol version is not supported", more=versions)


def _result(method: object, params: dict[str, Any], *, is_modern: bool) -> dict[str, Any]:
    if method == TOOLS_CALL:
        return _signed(_call(params), is_modern)
    if method == TOOLS_LIST:
        cached = {"ttlMs": 60_000, "cacheScope": "public"} if is_modern else {}
        return _signed({"tools": TOOLS, **cached}, is_modern)
    if method == SERVER_DISCOVER and is_modern:
        return _signed(_discovery(), is_modern)
    if method == INITIALIZE and not is_modern:
        return _initialized(params)
    if method == PING and not is_modern:
        return {}
    raise Refusal(METHOD_NOT_FOUND, f"there is no method {method}", status=404)


def _call(params: dict[str, Any]) -> dict[str, Any]:
    name, arguments = params.get("name"), params.get("arguments") or {}
    if not is_known(name) or not isinstance(arguments, dict):
        raise Refusal(INVALID_PARAMS, "there is no such tool, or its arguments are not an object")
    return run(str(name), arguments)


def _initialized(params: dict[str, Any]) -> dict[str, Any]:
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in LEGACY_VERSIONS else NEWEST_LEGACY,
        "capabilities": CAPABILITIES,
        "serverInfo": SERVER_INFO,
        "instructions": INSTRUCTIONS,
    }


def _discovery() -> dict[str, Any]:
    return {
        "supportedVersions": list(SUPPORTED),
        "capabilities": CAPABILITIES,
        "instructions": INSTRUCTIONS,
        "ttlMs": 60_000,
        "cacheScope": "public",
    }


def _signed(result: dict[str, Any], is_modern: bool) -> dict[str, Any]:
    if not is_modern:
        return result
    return {**result, "resultType": "complete", "_meta": {SERVER_INFO_KEY: SERVER_INFO}}


@cache
def _expected() -> bytes:
    return f"Bearer {sample_token().reveal()}".encode()


async def _body(receive: Receive) -> bytes | None:
    """None when it is too large or the client is gone."""
    body = b""
    while True:
        part = await receive()
        body += bytes(part.get("body", b""))
        if part["type"] == "http.disconnect" or len(body) > LARGEST_BODY:
            return None
        if not part.get("more_body"):
            return body


async def _reply(send: Send, status: int, answer: dict[str, Any] | None, *headers: tuple[bytes, bytes]) -> None:
    body = orjson.dumps(answer) if answer is not None else b""
    kind = [(b"content-type", b"application/json")] if body else []
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*kind, length, *headers]})
    await send({"type": "http.response.body", "body": body})
