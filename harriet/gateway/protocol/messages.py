"""JSON-RPC messages as MCP uses them: what came in, strictly parsed, with the exact bytes of what is passed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from harriet.gateway.errors import INVALID_REQUEST, PARSE_ERROR, RpcRefusal
from harriet.lib.canonical import NotRepresentable, parse_strict

LEGACY_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN_VERSIONS = ("2026-07-28",)
LONGEST_BATCH = 50
SERVER_INFO = {"name": "harriet", "title": "Harriet", "version": "0.1.0"}
REQUEST_ID = "harriet/requestId"

_NOT_AN_OBJECT = "The message must be one JSON-RPC 2.0 object with a method."
_NULL = b"null"


class _Params(msgspec.Struct):
    arguments: msgspec.Raw = msgspec.Raw(b"")
    inputResponses: msgspec.Raw = msgspec.Raw(b"")  # the protocol's name


class _Envelope(msgspec.Struct):
    """The parts of a message that travel on as they are."""

    id: msgspec.Raw = msgspec.Raw(b"")
    params: _Params | None = None


_NO_PARAMS = _Params()
_decode = msgspec.json.Decoder(_Envelope).decode
_decode_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(slots=True)
class Incoming:
    """One message. `id` is its raw JSON, empty for a notification. A response has no method."""

    method: str
    id: bytes
    params: dict[str, Any]
    arguments: bytes
    responses: bytes = b""
    """The raw `inputResponses`, when the client answers what the server asked."""
    raw: bytes = b""
    """The whole message, kept of responses alone."""

    @property
    def meta(self) -> dict[str, Any]:
        meta = self.params.get("_meta")
        return meta if isinstance(meta, dict) else {}


def parse(body: bytes) -> Any:
    """The body as Python values. Raises RpcRefusal for what is no JSON or has more than one meaning."""
    try:
        return parse_strict(body)
    except NotRepresentable as problem:
        raise RpcRefusal(PARSE_ERROR, problem.message, status=400) from None


def batch_of(body: bytes, values: list[Any]) -> list[tuple[bytes, Any]]:
    """The messages of a batch, each as bytes and values."""
    if not values or len(values) > LONGEST_BATCH:
        raise RpcRefusal(INVALID_REQUEST, f"A batch has 1 to {LONGEST_BATCH} messages.", status=400)
    return list(zip((bytes(raw) for raw in _decode_batch(body)), values, strict=True))


def incoming(raw: bytes, value: Any) -> Incoming:
    """Raises RpcRefusal with -32600."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise RpcRefusal(INVALID_REQUEST, _NOT_AN_OBJECT, status=400)
    method, params = value.get("method"), value.get("params")
    if not _is_message(value, method) or not isinstance(params, dict | None):
        raise RpcRefusal(INVALID_REQUEST, _NOT_AN_OBJECT, status=400)
    envelope = _decode(raw)
    if not method:
        return Incoming("", bytes(envelope.id), {}, b"", raw=raw)
    sent = envelope.params or _NO_PARAMS
    return Incoming(method, bytes(envelope.id), params or {}, bytes(sent.arguments), bytes(sent.inputResponses))


def _is_message(value: dict[str, Any], method: Any) -> bool:
    """A request or notification with a name; or a response to what the client was asked."""
    if "id" in value and not _is_id(value["id"]):
        return False
    return isinstance(method, str) or (method is None and ("result" in value or "error" in value))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def result_body(rpc_id: bytes, result: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":' + rpc_id + b',"result":' + result + b"}"


def error_body(rpc_id: bytes, code: int, message: str, data: dict[str, Any] | None = None) -> bytes:
    error: dict[str, Any] = {"code": code, "message": message}
    if data:
        error["data"] = data
    return raw_error_body(rpc_id, msgspec.json.encode(error))


def raw_error_body(rpc_id: bytes, error: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":' + (rpc_id or _NULL) + b',"error":' + error + b"}"
