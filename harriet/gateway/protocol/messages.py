"""JSON-RPC messages as MCP uses them: what came in, strictly parsed, with the exact bytes of what is passed on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeGuard

import msgspec

from harriet.gateway.errors import RpcRefusal
from harriet.lib.json.canonical import NotRepresentable, is_deeper_than, parse_strict
from harriet.lib.mcp.error_codes import INVALID_REQUEST, PARSE_ERROR

MOST_IN_A_BATCH = 50
"""Messages."""
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
_DEEPEST_READ = 500
"""Far below what the parser could not stand, and far above what is served."""
_decode = msgspec.json.Decoder(_Envelope).decode
_decode_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(slots=True)
class Incoming:
    """One message. `id` is its raw JSON, empty for a notification. A response has no method."""

    method: str
    id: bytes
    key: str | int
    """The id's value: the same however it was spelled. Empty for a notification."""
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
    if not values or len(values) > MOST_IN_A_BATCH:
        raise RpcRefusal(INVALID_REQUEST, f"A batch has 1 to {MOST_IN_A_BATCH} messages.", status=400)
    return list(zip((bytes(raw) for raw in _decode_batch(body)), values, strict=True))


def incoming(raw: bytes, value: Any) -> Incoming:
    """Raises RpcRefusal with -32600."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise RpcRefusal(INVALID_REQUEST, _NOT_AN_OBJECT, status=400)
    method, params = value.get("method"), value.get("params")
    if not _is_message(value, method) or not isinstance(params, dict | None):
        raise RpcRefusal(INVALID_REQUEST, _NOT_AN_OBJECT, status=400)
    envelope = _decode(raw)
    key = value.get("id", "")
    if method is None:
        return Incoming("", bytes(envelope.id), key, {}, b"", raw=raw)
    sent = envelope.params or _NO_PARAMS
    return Incoming(method, bytes(envelope.id), key, params or {}, bytes(sent.arguments), bytes(sent.inputResponses))


def _is_message(value: dict[str, Any], method: Any) -> bool:
    """A request or notification with a name; or a response, which says what it answers."""
    if "id" in value and not is_id(value["id"]):
        return False
    if method is None:
        return "id" in value and ("result" in value) != ("error" in value)
    return isinstance(method, str) and bool(method)


def is_id(value: Any) -> TypeGuard[str | int]:
    """Whether JSON-RPC allows it as an id of a request (MCP: not null)."""
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def id_in(raw: bytes, value: Any = None) -> bytes:
    """The id of a message that is refused, so that its sender knows which one; empty when it can't be told.

    `value` is what strict parsing made of it, None when it refused.
    """
    if value is None:
        value = _last_resort(raw)
    if not isinstance(value, dict) or not is_id(value.get("id")) or "method" not in value:
        return b""
    try:
        return json.dumps(value["id"], ensure_ascii=False).encode()
    except UnicodeError:
        return b""


def _last_resort(raw: bytes) -> Any:
    """A message that has no single meaning elsewhere may still say who it is, once."""
    tops: list[list[tuple[str, Any]]] = [[]]

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        tops[0] = pairs  # the outermost object ends last
        return dict(pairs)

    try:
        value = None if is_deeper_than(raw, _DEEPEST_READ) else json.loads(raw, object_pairs_hook=note)
    except (ValueError, RecursionError):
        return None
    return value if [name for name, _ in tops[0]].count("id") == 1 else None


def result_body(rpc_id: bytes, result: bytes) -> bytes:
    """The bytes of a response; `rpc_id` and `result` are JSON already."""
    return b'{"jsonrpc":"2.0","id":' + rpc_id + b',"result":' + result + b"}"


def error_body(rpc_id: bytes, code: int, message: str, data: dict[str, Any] | None = None) -> bytes:
    """The bytes of an error response; an empty `rpc_id` becomes null."""
    error: dict[str, Any] = {"code": code, "message": message}
    if data:
        error["data"] = data
    return raw_error_body(rpc_id, msgspec.json.encode(error))


def raw_error_body(rpc_id: bytes, error: bytes) -> bytes:
    """The same with an error object that is JSON already."""
    return b'{"jsonrpc":"2.0","id":' + (rpc_id or _NULL) + b',"error":' + error + b"}"
