"""Runs a governed call for a client that waits: watches whether it is still there, keeps the connection alive, and goes
on with a call that asked the client something."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import Error as DatabaseError

from harriet.gateway.call import Call, governed_call
from harriet.gateway.errors import INTERNAL_ERROR, CallCancelled, RpcRefusal, ToolRefusal, Unavailable
from harriet.gateway.forward import TOOL, Fields, error_result
from harriet.gateway.parked import Answers, Parked, TurnAsker
from harriet.gateway.relayed import end_or_turn
from harriet.gateway.state import Where

from .messages import REQUEST_ID, Incoming

if TYPE_CHECKING:
    from .dispatch import Visit

WATCH_AFTER = 0.1
"""Seconds until a call's client is watched for going away: most calls are over by then, and watching has a price."""
KEEP_ALIVE = 15.0


async def attend(visit: Visit, message: Incoming, call: Call, *, leaving_cancels: bool) -> Fields:
    """Runs the call. In the modern era a client that goes away cancels its call; in the legacy era it doesn't, so the
    call is a task of its own, which the server's ending of our request doesn't touch."""
    task = asyncio.get_running_loop().create_task(_outcome(call, visit))
    asker = call.asker
    if isinstance(asker, TurnAsker):
        ending: Awaitable[Fields] = end_or_turn(Parked(call, asker, task), visit.runtime)
    else:
        ending = asyncio.shield(task)
    return await _until(ending, task, visit, message, leaving_cancels=leaving_cancels)


async def go_on(visit: Visit, message: Incoming, call: Call, where: Where, answers: Answers) -> Fields:
    """Goes on with a call that waits for these answers, here or in another process. `call` is the request as it came
    now: it says who asks, and where to."""
    runtime = visit.runtime
    if where.process != runtime.post.process:
        relay = asyncio.get_running_loop().create_task(runtime.relays.go_on(where, answers, call, visit.exchange.reply))
        return await _until(relay, relay, visit, message, leaving_cancels=True)
    parked = runtime.parking.take(where.parked)
    parked.call.stream, parked.call.meta = visit.exchange.reply, call.meta
    parked.asker.answer(answers)
    return await _until(end_or_turn(parked, runtime), parked.task, visit, message, leaving_cancels=True)


async def _until(
    ending: Awaitable[Fields], task: asyncio.Task[Fields], visit: Visit, message: Incoming, *, leaving_cancels: bool
) -> Fields:
    loop = asyncio.get_running_loop()
    key = (visit.principal.token_id, visit.profile.id, message.id)
    running = visit.runtime.running
    running.add(task, key)
    task.add_done_callback(lambda done: running.remove(done, key))
    watcher: list[asyncio.Task[None]] = []
    watch = _watch(visit, task, leaving_cancels)
    alarm = loop.call_later(WATCH_AFTER, lambda: watcher.append(loop.create_task(watch())))
    try:
        return await ending
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
        if not task.done():
            running.remove(task, key)  # it waits for the client's next request, not for the end of this one


def _is_ending() -> bool:
    """Whether it is our own request that is being ended, and not the call alone."""
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0


async def _outcome(call: Call, visit: Visit) -> Fields:
    """Of a tool, a no that the model should read is a result, too."""
    try:
        return await governed_call(call, visit.runtime)
    except ToolRefusal as refusal:
        if call.method == TOOL:
            return error_result(refusal)
        raise RpcRefusal(INTERNAL_ERROR, refusal.message) from None
    except DatabaseError:
        raise Unavailable("Harriet's database does not answer, so the call was not decided. Try again soon.") from None


def _watch(visit: Visit, task: asyncio.Task[Fields], leaving_cancels: bool) -> Callable[[], Coroutine[Any, Any, None]]:
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
