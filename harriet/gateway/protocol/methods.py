"""What both eras answer alike: the list of tools, a tool call, and what the profile says about itself."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import Error as DatabaseError

from harriet.gateway.call import Call, governed_call
from harriet.gateway.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallCancelled,
    GatewayError,
    RpcRefusal,
    ToolRefusal,
    Unavailable,
    UpstreamSaidError,
)
from harriet.gateway.forward import Fields, error_result
from harriet.gateway.policy import list_page, view_of, why_nothing

from .messages import REQUEST_ID, Incoming

if TYPE_CHECKING:
    from .dispatch import Visit

CAPABILITIES = {"tools": {"listChanged": False}}
WATCH_AFTER = 0.1
"""Seconds until a call's client is watched for going away: most calls are over by then, and watching has a price."""
KEEP_ALIVE = 15.0
LONGEST_CLIENT = 120
_PASSED_ON = frozenset({INVALID_PARAMS, INTERNAL_ERROR})
_RESERVED = range(-32768, -31999)


def instructions(visit: Visit) -> str:
    """Said at the beginning of a session. Zero tools come with their reason."""
    view = view_of(visit.snapshot, visit.principal, visit.profile)
    nothing = why_nothing(view, visit.principal, visit.profile)
    if nothing:
        return nothing
    return (
        f"Tools of {visit.snapshot.facts.name}, profile {visit.profile.name}, governed by Harriet. A call may wait "
        "for a person's approval; it then answers with a ticket, and the same call repeated collects the result."
    )


def tools_page(visit: Visit, params: dict[str, Any]) -> dict[str, Any]:
    cursor = params.get("cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise RpcRefusal(INVALID_PARAMS, "The cursor must be text that an earlier page named.")
    view = view_of(visit.snapshot, visit.principal, visit.profile)
    definitions, following = list_page(view, cursor)
    page: dict[str, Any] = {"tools": [msgspec.Raw(one) for one in definitions]}
    if following is not None:
        page["nextCursor"] = following
    return page


def call_from(visit: Visit, message: Incoming, client: str, *, may_stream: bool = True) -> Call:
    """Raises RpcRefusal when the message is no tools/call."""
    name, values = message.params.get("name"), message.params.get("arguments")
    if not isinstance(name, str) or not name:
        raise RpcRefusal(INVALID_PARAMS, "A tools/call names its tool.")
    if values is not None and not isinstance(values, dict):
        raise RpcRefusal(INVALID_PARAMS, "The arguments of a tool are an object.")
    call = Call(
        snapshot=visit.snapshot,
        principal=visit.principal,
        profile=visit.profile,
        name=name,
        arguments=message.arguments if values is not None else b"{}",
        values=values or {},
        meta=message.meta,
        client=client[:LONGEST_CLIENT],
    )
    if may_stream:
        call.stream = visit.exchange.reply
    return call


async def attend(visit: Visit, message: Incoming, call: Call, *, leaving_cancels: bool) -> Fields:
    """Runs the call and, when it takes longer, watches over the client that waits for it.

    In the modern era a client that goes away cancels its call; in the legacy era it doesn't, so the call is a task of
    its own, which the server's ending of our request doesn't touch.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(_outcome(call, visit))
    key = (visit.principal.token_id, visit.profile.id, message.id)
    running = visit.runtime.running
    running.add(task, key)
    task.add_done_callback(lambda done: running.remove(done, key))
    watcher: list[asyncio.Task[None]] = []
    watch = _watch(visit, task, leaving_cancels)
    alarm = loop.call_later(WATCH_AFTER, lambda: watcher.append(loop.create_task(watch())))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not _is_ending():
            raise CallCancelled("The call was cancelled.") from None
        if leaving_cancels:
            task.cancel()
        raise
    finally:
        alarm.cancel()
        for one in watcher:
            one.cancel()


def _is_ending() -> bool:
    """Whether it is our own request that is being ended, and not the call alone."""
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0


async def _outcome(call: Call, visit: Visit) -> Fields:
    """A no that the model should read is a result, too."""
    try:
        return await governed_call(call, visit.runtime)
    except ToolRefusal as refusal:
        return error_result(refusal)
    except DatabaseError:
        raise Unavailable("Harriet's database does not answer, so the call was not decided. Try again soon.") from None


def _watch(visit: Visit, task: asyncio.Task[Fields], leaving_cancels: bool) -> Any:
    async def watch() -> None:
        gone = asyncio.ensure_future(visit.exchange.receive())
        try:
            while not (await asyncio.wait({gone}, timeout=KEEP_ALIVE))[0]:
                await visit.exchange.reply.keep_alive()
            visit.exchange.reply.is_gone = True
            if leaving_cancels:
                task.cancel()
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    return watch


def with_meta(fields: Fields, more: dict[str, Any]) -> bytes:
    """The result with our own members added to its `_meta`; everything else keeps its bytes."""
    known = fields.get("_meta")
    meta = json.loads(bytes(known)) if known is not None else {}
    added = {**meta, **more} if isinstance(meta, dict) else more
    return msgspec.json.encode({**fields, "_meta": added})


def call_meta(call: Call) -> dict[str, Any]:
    return {REQUEST_ID: str(call.request_id)}


def upstream_error(problem: UpstreamSaidError) -> dict[str, Any]:
    """The server's error, unless its code would speak for Harriet itself."""
    try:
        error = msgspec.json.decode(problem.error)
        code, message = error["code"], str(error["message"])
    except (msgspec.MsgspecError, LookupError, TypeError):
        return {"code": INTERNAL_ERROR, "message": "The server answered with an error that makes no sense."}
    if not isinstance(code, int) or (code in _RESERVED and code not in _PASSED_ON):
        return {"code": INTERNAL_ERROR, "message": f"The server refused the call: {message}"}
    return dict(error)


def refusal_error(problem: GatewayError, call: Call | None) -> tuple[int, dict[str, Any]]:
    """HTTP status (0: the era's own) and error object of a refusal, with the id under which it is in the audit log."""
    if isinstance(problem, UpstreamSaidError):
        return 0, upstream_error(problem)
    data = {"requestId": str(call.request_id)} if call is not None else {}
    if not isinstance(problem, RpcRefusal):
        return 0, {"code": INTERNAL_ERROR, "message": problem.message, "data": data}
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    data = {**(problem.error_data or {}), **data}
    return problem.status, {**error, "data": data} if data else error
