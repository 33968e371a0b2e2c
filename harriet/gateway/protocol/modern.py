"""The stateless era, 2026-07-28: every request brings its version, client and routing headers."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from harriet.gateway.content.results import COMPLETE, Fields, asks_for_input
from harriet.gateway.errors import CallCancelled, GatewayError, InsufficientScope, RpcRefusal
from harriet.gateway.http.exchange import HttpExchange
from harriet.gateway.protocol.listen import serve_listen
from harriet.gateway.protocol.messages import Incoming, incoming, raw_error_body, result_body
from harriet.gateway.protocol.offers import LISTS, capabilities, instructions, listed
from harriet.gateway.protocol.param_headers import check_param_headers
from harriet.gateway.protocol.requests import CALLS
from harriet.gateway.protocol.result_meta import call_meta, with_meta
from harriet.gateway.protocol.serve_call import go_on, serve_call
from harriet.gateway.protocol.task_requests import TASKS, client_of, takes_tasks, task_result
from harriet.gateway.protocol.tool_search import SEARCH_TOOLS, search
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.questions.request_state import RequestState, Where, open_state
from harriet.gateway.questions.rules import interactive
from harriet.gateway.questions.suspended import Answers, TurnAsker
from harriet.gateway.steps.error_objects import error_of
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.error_codes import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    MISSING_CAPABILITY,
    UNSUPPORTED_VERSION,
)
from harriet.lib.mcp.headers import (
    METHOD_HEADER,
    NAME_HEADER,
    PROTOCOL_VERSION_HEADER,
    RAW_METHOD_HEADER,
    RAW_NAME_HEADER,
    RAW_PROTOCOL_VERSION_HEADER,
)
from harriet.lib.mcp.implementation import HARRIET
from harriet.lib.mcp.meta import (
    CLIENT_CAPABILITIES_KEY,
    LOG_LEVEL_KEY,
    PROTOCOL_VERSION_KEY,
    SERVER_INFO_KEY,
    TASKS_EXTENSION,
)
from harriet.lib.mcp.methods import (
    MEMBER_IN_NAME_HEADER,
    RESOURCES_READ,
    SERVER_DISCOVER,
    SUBSCRIPTIONS_LISTEN,
    TOOLS_CALL,
)
from harriet.lib.mcp.param_headers import decode_value
from harriet.lib.mcp.versions import MODERN_VERSIONS, SUPPORTED

SERVER_META = {SERVER_INFO_KEY: HARRIET}
FRESH_FOR_MS = 10_000
"""How long a client may keep the list of tools. Calls are checked anew each time, whatever the client remembers."""

_STATUS = {METHOD_NOT_FOUND: 404}
_REFUSED_WITH_400 = frozenset(
    {INVALID_REQUEST, INVALID_PARAMS, HEADER_MISMATCH, UNSUPPORTED_VERSION, MISSING_CAPABILITY}
)
_CACHING = {"ttlMs": FRESH_FOR_MS, "cacheScope": "private"}
_ANSWERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


async def serve_modern(visit: Visit, version: str, body: bytes, values: Any) -> None:
    """Answers one POST of the stateless era. Raises RpcRefusal."""
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
        if message.method == SUBSCRIPTIONS_LISTEN:
            client, takes = client_of(message.meta), takes_tasks(message.meta)
            await serve_listen(visit, message.id, _notifications(message), client, with_tasks=takes)
        elif message.method in CALLS:
            call = await CALLS[message.method](visit, message)
            await reply.finish(200, await _call(visit, message, call))
        else:
            await reply.finish(200, result_body(message.id, msgspec.json.encode(await _result(visit, message))))
    except CallCancelled:
        await reply.finish(202, b"")
    except GatewayError as problem:
        await _refuse(visit, message, problem, call)


def check_envelope(exchange: HttpExchange, version: str, message: Incoming) -> None:
    """The ladder that every request climbs; the first rung that fails answers (SPEC basic/versioning). Clients that
    speak both eras tell by the code whether to fall back to initialize."""
    meta = message.meta
    named = meta.get(PROTOCOL_VERSION_KEY)
    if named is None:
        _check_supported(version)  # of no era at all: an older client, too, learns what is wrong
    if not isinstance(named, str) or not isinstance(meta.get(CLIENT_CAPABILITIES_KEY), dict):
        raise RpcRefusal(
            INVALID_PARAMS, f"params._meta must have {PROTOCOL_VERSION_KEY} and {CLIENT_CAPABILITIES_KEY}."
        )
    if exchange.has_duplicates and exchange.has_twice(RAW_PROTOCOL_VERSION_HEADER, RAW_METHOD_HEADER, RAW_NAME_HEADER):
        raise RpcRefusal(HEADER_MISMATCH, "A routing header is there twice.")
    _check_header(PROTOCOL_VERSION_HEADER, version, named)
    _check_header(METHOD_HEADER, _header(exchange, RAW_METHOD_HEADER), message.method)
    member = MEMBER_IN_NAME_HEADER.get(message.method)
    if member is not None:
        _check_header(NAME_HEADER, decode_value(_header(exchange, RAW_NAME_HEADER)), message.params.get(member))
    _check_supported(named)


def _check_header(name: str, sent: str | None, meant: Any) -> None:
    if sent is None or sent != meant:
        raise RpcRefusal(HEADER_MISMATCH, f"The header {name} must be there and repeat what the message says.")


def _check_supported(version: str) -> None:
    if version not in MODERN_VERSIONS:
        raise RpcRefusal(
            UNSUPPORTED_VERSION,
            f"The header MCP-Protocol-Version names the revision {version[:40]!r}, which Harriet doesn't speak. Leave "
            "it out of initialize, and send the revision that was agreed on later.",
            error_data={"supported": SUPPORTED, "requested": version},
        )


def _header(exchange: HttpExchange, name: bytes) -> str | None:
    value = exchange.headers.get(name)
    return value.decode("latin-1").strip() if value is not None else None


def _notifications(message: Incoming) -> dict[str, Any]:
    wanted = message.params.get("notifications")
    if not isinstance(wanted, dict):
        raise RpcRefusal(INVALID_PARAMS, "subscriptions/listen says in params.notifications what to listen for.")
    return wanted


async def _result(visit: Visit, message: Incoming) -> dict[str, Any]:
    if message.method in TASKS:
        return {**await task_result(visit, message), "resultType": "complete", "_meta": SERVER_META}
    if message.method in LISTS:
        result = await listed(visit, message.method, message.params, is_older=False)
    elif message.method == SERVER_DISCOVER:
        result = {
            "supportedVersions": SUPPORTED,
            "capabilities": {**capabilities(visit), "extensions": {TASKS_EXTENSION: {}}},
            "instructions": instructions(visit),
        }
    else:
        raise RpcRefusal(METHOD_NOT_FOUND, f"Harriet has no method {message.method[:60]!r}.")
    return {**result, **_CACHING, "resultType": "complete", "_meta": SERVER_META}


async def _call(visit: Visit, message: Incoming, call: Call) -> bytes:
    _prepare(visit, message, call)
    fields = await _fields(visit, message, call)
    if not asks_for_input(fields) and not call.is_task:
        fields["resultType"] = COMPLETE
        if call.method == RESOURCES_READ:
            fresh = _FRESH.fullmatch(fields.get("ttlMs", b""))
            fields = {**fields, "ttlMs": fields["ttlMs"] if fresh else _STALE, "cacheScope": _PRIVATE}
    return result_body(message.id, with_meta(fields, {**SERVER_META, **call_meta(call)}))


_STALE, _PRIVATE = msgspec.Raw(b"0"), msgspec.Raw(b'"private"')
_FRESH = re.compile(rb"0|[1-9][0-9]{0,14}")


def _prepare(visit: Visit, message: Incoming, call: Call) -> None:
    """What this era's requests bring along for the call. Raises RpcRefusal."""
    call.client = client_of(message.meta)
    call.is_introduced = bool(call.client)
    call.stream = visit.exchange.reply
    level = message.meta.get(LOG_LEVEL_KEY)
    call.log_level = level if isinstance(level, str) else ""
    call.session_key = (visit.principal.token_id, visit.profile.id, call.client, call.log_level)
    call.takes_tasks = call.method == TOOLS_CALL and takes_tasks(message.meta)
    declared = interactive(message.meta.get(CLIENT_CAPABILITIES_KEY))
    if declared:
        call.asker = TurnAsker(declared)
    if call.method == TOOLS_CALL and (grant := visit.view().grants.get(message.params["name"])) is not None:
        check_param_headers(visit.exchange.headers, grant.tool.pinned.param_headers, call.values)


async def _fields(visit: Visit, message: Incoming, call: Call) -> Fields:
    if visit.profile.is_progressive and call.method == TOOLS_CALL and call.name == SEARCH_TOOLS:
        return search(visit.view().tool_listing, call.values)
    text = message.params.get("requestState")
    if text is None:
        return await serve_call(visit, message, call, leaving_cancels=True)
    if not isinstance(text, str):
        raise RpcRefusal(INVALID_PARAMS, "A requestState is text that an earlier answer to this request gave.")
    state = open_state(text, call, visit.runtime.snapshots.unix_now())
    if state.suspended:
        return await go_on(visit, message, call, Where(state.process, state.suspended), _answers(message))
    call.more += _state_member(state)
    return await serve_call(visit, message, call, leaving_cancels=True)


def _answers(message: Incoming) -> Answers:
    try:
        return _ANSWERS(message.responses or b"{}")
    except msgspec.MsgspecError:
        raise RpcRefusal(INVALID_PARAMS, "inputResponses is an object with an answer for each key.") from None


def _state_member(state: RequestState) -> bytes:
    return b',"requestState":' + msgspec.json.encode(state.upstream) if state.upstream is not None else b""


async def _refuse(visit: Visit, message: Incoming, problem: GatewayError, call: Call | None) -> None:
    status, error = error_of(problem, call, is_modern=True)
    if isinstance(problem, InsufficientScope):
        visit.challenge(problem)
    code = error["code"]
    by_code = 400 if code in _REFUSED_WITH_400 else _STATUS.get(code, 200)
    await visit.exchange.reply.finish(status or by_code, raw_error_body(message.id, msgspec.json.encode(error)))
