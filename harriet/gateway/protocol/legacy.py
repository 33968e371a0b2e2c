"""The handshake era, 2024-11-05 to 2025-11-25. Sessions are optional, and any process answers any request of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeGuard

import msgspec

from harriet.gateway.content.results import Fields
from harriet.gateway.content.revisions import fit
from harriet.gateway.errors import CallCancelled, GatewayError, InsufficientScope, RpcRefusal
from harriet.gateway.processes.database import in_database
from harriet.gateway.processes.running import RequestKey, name_of, tell_other_processes
from harriet.gateway.protocol.messages import (
    Incoming,
    batch_of,
    error_body,
    id_in,
    incoming,
    is_id,
    raw_error_body,
    result_body,
)
from harriet.gateway.protocol.offers import LISTS, capabilities, instructions, listed
from harriet.gateway.protocol.requests import CALLS, address_in, client_label
from harriet.gateway.protocol.result_meta import call_meta, with_meta
from harriet.gateway.protocol.serve_call import serve_call
from harriet.gateway.protocol.tool_search import SEARCH_TOOLS, search
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.questions.in_stream import StreamAsker
from harriet.gateway.steps.error_objects import error_of
from harriet.gateway.steps.request import Call
from harriet.gateway.streams.sessions import ROOTS_CHANGED, OpenSession
from harriet.lib.mcp.error_codes import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND
from harriet.lib.mcp.headers import RAW_PROTOCOL_VERSION_HEADER, RAW_SESSION_ID_HEADER
from harriet.lib.mcp.implementation import HARRIET
from harriet.lib.mcp.log_levels import DEFAULT_LEVEL, LEVELS
from harriet.lib.mcp.methods import (
    INITIALIZE,
    LOGGING_SET_LEVEL,
    PING,
    RESOURCES_SUBSCRIBE,
    RESOURCES_UNSUBSCRIBE,
    TOOLS_CALL,
)
from harriet.lib.mcp.notifications import CANCELLED, ROOTS_LIST_CHANGED
from harriet.lib.mcp.versions import LEGACY_VERSIONS, NEWEST_LEGACY, RESUMABLE_SINCE, WITH_BATCHES

_NOT_SUBSCRIBED = (
    "Each read of this needs a person's approval, so its changes are not listened to. Read it anew instead."
)
_BATCHING = ("", WITH_BATCHES)
"""Only this revision has batches; its clients send no version header."""


async def serve_legacy(visit: Visit, version: str, body: bytes, values: Any) -> None:
    """Answers one POST of the era with sessions: a message, or a batch where the revision has them. Raises
    RpcRefusal."""
    if isinstance(values, list):
        await _serve_batch(visit, version, body, values)
        return
    message = incoming(body, values)
    headers = [_session_header(visit, message)] if message.method == INITIALIZE and message.id else []
    status, answer = await _answer(visit, message)
    if message.method in LISTS and visit.session is not None and visit.session.version >= RESUMABLE_SINCE:
        await visit.exchange.reply.as_stream()
    await visit.exchange.reply.finish(status, answer, *headers)


async def _serve_batch(visit: Visit, version: str, body: bytes, values: list[Any]) -> None:
    if version not in _BATCHING:
        raise RpcRefusal(INVALID_REQUEST, f"The revision {version} has no batches. Send one message per request.")
    if any(isinstance(value, dict) and value.get("method") == INITIALIZE for value in values):
        raise RpcRefusal(INVALID_REQUEST, "initialize can't be part of a batch.")
    parts = batch_of(body, values)
    answers = await asyncio.gather(*(_answer_part(visit, raw, value) for raw, value in parts))
    bodies = [answer for _, answer in answers if answer]
    await visit.exchange.reply.finish(200 if bodies else 202, b"[" + b",".join(bodies) + b"]" if bodies else b"")


async def _answer_part(visit: Visit, raw: bytes, value: Any) -> tuple[int, bytes]:
    """One message of a batch. A bad one is refused for itself; the others are served."""
    try:
        message = incoming(raw, value)
    except RpcRefusal as refusal:
        return 200, error_body(id_in(raw, value), refusal.code, refusal.message)
    return await _answer(visit, message, is_alone=False)


async def _answer(visit: Visit, message: Incoming, *, is_alone: bool = True) -> tuple[int, bytes]:
    """HTTP status and body for one message. Errors are JSON-RPC's, so their HTTP status is 200."""
    if not message.method:
        if visit.session is not None:  # without one nobody was asked
            await visit.runtime.questions.answered(visit.session.id, message.key, message.raw)
        return 202, b""
    if not message.id:
        await _notified(visit, message)
        return 202, b""
    call = None
    try:
        if message.method in CALLS:
            call = await CALLS[message.method](visit, message)
            return 200, result_body(message.id, await _call(visit, message, call, is_alone=is_alone))
        return 200, result_body(message.id, msgspec.json.encode(await _result(visit, message)))
    except CallCancelled:
        return 202, b""
    except GatewayError as problem:
        status, error = error_of(problem, call, is_modern=False)
        if isinstance(problem, InsufficientScope) and is_alone:
            visit.challenge(problem)
        return status or 200, raw_error_body(message.id, msgspec.json.encode(error))


async def _result(visit: Visit, message: Incoming) -> dict[str, Any]:
    if message.method == INITIALIZE:
        return _initialize(visit, message.params)
    if message.method in LISTS:
        return await listed(visit, message.method, message.params, is_older=True)
    if message.method in _FOR_SESSIONS:
        await _FOR_SESSIONS[message.method](visit, message.params, _session(visit))
    elif message.method != PING:
        raise RpcRefusal(METHOD_NOT_FOUND, f"Harriet has no method {message.method[:60]!r}.")
    return {}


def _initialize(visit: Visit, params: dict[str, Any]) -> dict[str, Any]:
    return {
        "protocolVersion": _version(params),
        "capabilities": capabilities(visit),
        "serverInfo": HARRIET,
        "instructions": instructions(visit),
    }


def _version(params: dict[str, Any]) -> str:
    wanted = params.get("protocolVersion")
    if not isinstance(wanted, str):
        raise RpcRefusal(INVALID_PARAMS, "initialize names a protocolVersion, as text.")
    return wanted if wanted in LEGACY_VERSIONS else NEWEST_LEGACY


def _session_header(visit: Visit, message: Incoming) -> tuple[bytes, bytes]:
    """Raises RpcRefusal when the message is no initialize that can be answered."""
    params = message.params
    info = params.get("clientInfo")
    client = f"{info.get('title') or info.get('name') or ''} {info.get('version') or ''}" if _is_object(info) else ""
    declared = params.get("capabilities")
    session = visit.runtime.sessions.issue(
        visit.principal,
        visit.profile,
        _version(params),
        declared if _is_object(declared) else {},
        client_label(client),
    )
    return RAW_SESSION_ID_HEADER, session.encode()


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _session(visit: Visit) -> OpenSession:
    if visit.session is None:
        raise RpcRefusal(INVALID_REQUEST, "This needs a session: send the Mcp-Session-Id that initialize gave you.")
    return visit.session


async def _set_level(visit: Visit, params: dict[str, Any], session: OpenSession) -> None:
    level = params.get("level")
    if level not in LEVELS:
        raise RpcRefusal(INVALID_PARAMS, f"A log level is one of {', '.join(LEVELS)}.")
    await visit.runtime.sessions.set_log_level(session, level)


async def _subscribe(visit: Visit, params: dict[str, Any], session: OpenSession) -> None:
    address, view = address_in(params), visit.view()
    connector_id, _ = await visit.runtime.lists.owner_of(
        address, view, visit.snapshot, visit.profile, visit.principal.user_id
    )
    if view.resources[connector_id].may_wait:
        raise RpcRefusal(INVALID_PARAMS, _NOT_SUBSCRIBED)
    await visit.runtime.sessions.subscribe(session, address)


async def _unsubscribe(visit: Visit, params: dict[str, Any], session: OpenSession) -> None:
    await visit.runtime.sessions.unsubscribe(session, address_in(params))


_FOR_SESSIONS: dict[str, Callable[[Visit, dict[str, Any], OpenSession], Awaitable[None]]] = {
    LOGGING_SET_LEVEL: _set_level,
    RESOURCES_SUBSCRIBE: _subscribe,
    RESOURCES_UNSUBSCRIBE: _unsubscribe,
}


async def _call(visit: Visit, message: Incoming, call: Call, *, is_alone: bool) -> bytes:
    _prepare(visit, call, is_alone=is_alone)
    if is_alone and visit.session is not None and visit.session.version >= RESUMABLE_SINCE:
        visit.exchange.reply.make_resumable(visit.runtime.journals, visit.session.id, message.id)
    if visit.profile.is_progressive and call.method == TOOLS_CALL and call.name == SEARCH_TOOLS:
        fields: Fields = search(visit.view().tool_listing, call.values)
    else:
        fields = await serve_call(visit, message, call, leaving_cancels=False)
    for newer in ("resultType", "ttlMs", "cacheScope"):
        fields.pop(newer, None)
    return with_meta(fit(fields, call.method, _revision(visit)), call_meta(call))


def _revision(visit: Visit) -> str:
    """Of the client: what its session agreed on, or what its request says."""
    if visit.session is not None:
        return visit.session.version
    return visit.exchange.headers.get(RAW_PROTOCOL_VERSION_HEADER, b"").decode("latin-1")


def _prepare(visit: Visit, call: Call, *, is_alone: bool) -> None:
    """What the session, or the request without one, brings along for the call."""
    session, runtime = visit.session, visit.runtime
    call.speaks_sessions = True
    call.more = b""  # answers in the request are the next era's
    if session is None:
        call.client = client_label(visit.exchange.headers.get(b"user-agent", b"").decode("latin-1"))
        call.session_key = (visit.principal.token_id, visit.profile.id, call.client)
        call.log_level = DEFAULT_LEVEL
    else:
        call.client, call.session_key, call.has_session = session.client, session.id, True
        call.declared = session.capabilities
        call.is_introduced = True
        call.roots_version = runtime.sessions.roots_version(session)
        call.log_level = runtime.sessions.learned(session).log_level or DEFAULT_LEVEL
    if not is_alone:
        return
    call.stream = visit.exchange.reply
    if session is not None and session.capabilities and visit.exchange.reply.may_stream:
        call.asker = StreamAsker(call, session.id, session.capabilities, runtime.questions)


async def _roots_changed(visit: Visit, session: OpenSession) -> None:
    """Told to every process, this one first: the next call may come at once, and Redis may be away."""
    await visit.runtime.sessions.roots_changed(session.id)
    visit.runtime.background.run(visit.runtime.mailbox.broadcast(ROOTS_CHANGED, session.id))


async def _notified(visit: Visit, message: Incoming) -> None:
    """Only a cancellation and changed roots say anything here, and only in a session: without one an id names no
    request, because another client of the same token may use it."""
    if message.method == ROOTS_LIST_CHANGED and visit.session is not None:
        await _roots_changed(visit, visit.session)
    wanted = message.params.get("requestId")
    if message.method != CANCELLED or visit.session is None or not is_id(wanted):
        return
    key = RequestKey(visit.session.id, wanted)
    if not visit.runtime.running.cancel(key):
        visit.runtime.background.run(in_database(tell_other_processes, name_of(key)))
