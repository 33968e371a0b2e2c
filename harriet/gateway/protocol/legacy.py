"""The handshake era, 2024-11-05 to 2025-11-25, served without sessions: any process answers any request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from harriet.gateway.database import in_database
from harriet.gateway.errors import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    CallCancelled,
    GatewayError,
    RpcRefusal,
)
from harriet.gateway.running import name_of, tell_other_processes

from . import methods
from .messages import (
    LEGACY_VERSIONS,
    SERVER_INFO,
    Incoming,
    batch_of,
    error_body,
    incoming,
    raw_error_body,
    result_body,
)

if TYPE_CHECKING:
    from .dispatch import Visit

_BATCHING = ("", "2025-03-26")
"""Only this revision has batches; its clients send no version header."""


async def serve(visit: Visit, version: str, body: bytes, values: Any) -> None:
    if isinstance(values, list):
        await _serve_batch(visit, version, body, values)
        return
    status, answer = await _answer(visit, incoming(body, values))
    await visit.exchange.reply.finish(status, answer)


async def _serve_batch(visit: Visit, version: str, body: bytes, values: list[Any]) -> None:
    if version not in _BATCHING:
        raise RpcRefusal(INVALID_REQUEST, f"The revision {version} has no batches. Send one message per request.")
    messages = [incoming(raw, value) for raw, value in batch_of(body, values)]
    if any(message.method == "initialize" for message in messages):
        raise RpcRefusal(INVALID_REQUEST, "initialize can't be part of a batch.")
    answers = await asyncio.gather(*(_answer(visit, message, is_alone=False) for message in messages))
    bodies = [answer for _, answer in answers if answer]
    await visit.exchange.reply.finish(200 if bodies else 202, b"[" + b",".join(bodies) + b"]" if bodies else b"")


async def _answer(visit: Visit, message: Incoming, *, is_alone: bool = True) -> tuple[int, bytes]:
    """HTTP status and body for one message. Errors are JSON-RPC's, so their HTTP status is 200."""
    if not message.id:
        await _notified(visit, message)
        return 202, b""
    if message.method == "tools/call":
        return await _call(visit, message, is_alone=is_alone)
    try:
        return 200, result_body(message.id, msgspec.json.encode(_result(visit, message)))
    except RpcRefusal as refusal:
        return refusal.status or 200, error_body(message.id, refusal.code, refusal.message, refusal.error_data)


def _result(visit: Visit, message: Incoming) -> dict[str, Any]:
    if message.method == "initialize":
        return _initialize(visit, message.params)
    if message.method == "ping":
        return {}
    if message.method == "tools/list":
        return methods.tools_page(visit, message.params)
    raise RpcRefusal(METHOD_NOT_FOUND, f"Harriet has no method {message.method[:60]!r}; it offers tools.")


def _initialize(visit: Visit, params: dict[str, Any]) -> dict[str, Any]:
    wanted = params.get("protocolVersion")
    if not isinstance(wanted, str):
        raise RpcRefusal(INVALID_PARAMS, "initialize names a protocolVersion.")
    return {
        "protocolVersion": wanted if wanted in LEGACY_VERSIONS else LEGACY_VERSIONS[-1],
        "capabilities": methods.CAPABILITIES,
        "serverInfo": SERVER_INFO,
        "instructions": methods.instructions(visit),
    }


async def _call(visit: Visit, message: Incoming, *, is_alone: bool) -> tuple[int, bytes]:
    call = None
    try:
        client = visit.exchange.headers.get(b"user-agent", b"").decode("latin-1")
        call = methods.call_from(visit, message, client, may_stream=is_alone)
        fields = await methods.attend(visit, message, call, leaving_cancels=False)
        fields.pop("resultType", None)
        return 200, result_body(message.id, methods.with_meta(fields, methods.call_meta(call)))
    except CallCancelled:
        return 202, b""
    except GatewayError as problem:
        status, error = methods.refusal_error(problem, call)
        return status or 200, raw_error_body(message.id, msgspec.json.encode(error))


async def _notified(visit: Visit, message: Incoming) -> None:
    """Of all notifications only a cancellation says anything to a server without sessions."""
    if message.method != "notifications/cancelled" or "requestId" not in message.params:
        return
    key = (visit.principal.token_id, visit.profile.id, msgspec.json.encode(message.params["requestId"]))
    if not visit.runtime.running.cancel(key):
        visit.runtime.in_background(in_database(tell_other_processes, name_of(*key)))
