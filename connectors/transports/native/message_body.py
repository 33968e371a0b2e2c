"""The JSON-RPC message of a request that carries a client's members as they came."""

from __future__ import annotations

import msgspec

from connectors.transports.base import Request
from harriet.lib.mcp.methods import TOOLS_CALL


def message_body(request: Request, meta: bytes, request_id: bytes) -> bytes:
    """The bytes of a request: its members and `meta` are JSON already, and are put together without being read."""
    comma = b"," if meta and request.members else b""
    method = _METHODS.get(request.method) or msgspec.json.encode(request.method)
    return b'{"jsonrpc":"2.0","method":%b,"params":{%b%b%b},"id":%b}' % (
        method,
        request.members,
        comma,
        meta,
        request_id,
    )


_METHODS = {TOOLS_CALL: b'"tools/call"'}
