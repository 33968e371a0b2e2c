"""How a no reads on the wire: the HTTP status and JSON-RPC error object of each refusal, in either era."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from harriet.gateway.content.blocks import as_text, members_of
from harriet.gateway.errors import GatewayError, RefusedElsewhere, RpcRefusal, UpstreamSaidError
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.error_codes import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    MISSING_CAPABILITY,
    RESERVED,
    RESOURCE_NOT_FOUND,
    URL_NEEDED,
)

_PASSED_ON = frozenset({INVALID_PARAMS, INTERNAL_ERROR})
_LEGACY_ONLY = frozenset({RESOURCE_NOT_FOUND, URL_NEEDED})
_CODE = msgspec.json.Decoder(Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]).decode
_NO_SENSE = {
    "code": INTERNAL_ERROR,
    "message": "The server answered with an error that makes no sense. Show this message to your IT team.",
}


def error_of(problem: GatewayError, call: Call | None, *, is_modern: bool) -> tuple[int, dict[str, Any]]:
    """HTTP status (0: the era's own) and error object, with the id under which the refusal is in the audit log."""
    if isinstance(problem, RefusedElsewhere):
        return problem.status, problem.rpc_error
    if isinstance(problem, UpstreamSaidError):
        return 0, upstream_error(problem, is_modern=is_modern)
    data = {"requestId": str(call.request_id)} if call is not None else {}
    if not isinstance(problem, RpcRefusal):
        return 0, {"code": INTERNAL_ERROR, "message": problem.message, "data": data}
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    data = {**(problem.error_data or {}), **data}
    return problem.status, {**error, "data": data} if data else error


def upstream_error(problem: UpstreamSaidError, *, is_modern: bool) -> dict[str, Any]:
    """The server's error in the client's era, unless its code would speak for Harriet itself."""
    error: dict[str, Any] = dict(members_of(msgspec.Raw(problem.error)) or {})
    code, message = _code_of(error), _message_of(error)
    if not message and code is None:
        return dict(_NO_SENSE)
    error |= {"code": code, "message": message}
    if is_modern and code == RESOURCE_NOT_FOUND:
        return {**error, "code": INVALID_PARAMS}
    if code in (_PASSED_ON | {MISSING_CAPABILITY} if is_modern else _PASSED_ON | _LEGACY_ONLY):
        return error
    if code is None or code in RESERVED:
        return {"code": INTERNAL_ERROR, "message": f"The server refused the call: {message}"}
    return error


def _code_of(error: dict[str, Any]) -> int | None:
    """The code, when it is one that every client can read."""
    try:
        return int(_CODE(error["code"]))
    except (msgspec.MsgspecError, LookupError):
        return None


def _message_of(error: dict[str, Any]) -> str:
    """Text as it is, anything else as its JSON."""
    return str(msgspec.json.decode(as_text(error["message"]))) if "message" in error else ""
