"""Runs a governed call for a client that waits: watches whether it is still there, keeps the connection alive, and goes
on with a call that asked the client something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from django.db import Error as DatabaseError

from harriet.gateway.call import governed_call
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import CallCancelled, LimitReached, RpcRefusal, ToolRefusal, Unavailable
from harriet.gateway.http.reply import KEEP_ALIVE_SECONDS
from harriet.gateway.processes.running import AwaitedCall, RequestKey, Rights
from harriet.gateway.protocol.messages import Incoming
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.questions.request_state import Where
from harriet.gateway.questions.suspended import Answers, SuspendedCall, TurnAsker
from harriet.gateway.steps.answer import error_result
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.error_codes import INTERNAL_ERROR
from harriet.lib.mcp.methods import TOOLS_CALL


async def serve_call(visit: Visit, message: Incoming, call: Call, *, leaving_cancels: bool) -> Fields:
    """Runs the call. In the modern era a client that goes away cancels its call; in the legacy era it doesn't.

    A call whose client may have to answer something outlives the request that began it, so it is a task of its own;
    every other one runs in its request's task.
    """
    visit.runtime.running.refuse_taken(_name(visit, message))
    if isinstance(call.asker, TurnAsker):
        task = asyncio.get_running_loop().create_task(_outcome(call, visit))
        ending = visit.runtime.suspended.end_or_turn(SuspendedCall(call, call.asker, task))
        return await _until(ending, task, visit, message, leaving_cancels=leaving_cancels)
    current = asyncio.current_task()
    assert current is not None
    return await _until(_outcome(call, visit), current, visit, message, leaving_cancels=leaving_cancels)


async def go_on(visit: Visit, message: Incoming, call: Call, where: Where, answers: Answers) -> Fields:
    """Goes on with a call that waits for these answers, here or in another process. `call` is the request as it came
    now: it says who asks, and where to."""
    runtime = visit.runtime
    if where.process != runtime.mailbox.process:
        going_on = runtime.elsewhere.go_on(where, answers, call, visit.exchange.reply)
        task = asyncio.get_running_loop().create_task(going_on)
        return await _until(task, task, visit, message, leaving_cancels=True)
    suspended = runtime.suspended.take(where.suspended)
    suspended.call.stream, suspended.call.meta = visit.exchange.reply, call.meta
    suspended.asker.answer(answers)
    ending = runtime.suspended.end_or_turn(suspended)
    return await _until(ending, suspended.task, visit, message, leaving_cancels=True)


async def _until(
    ending: Awaitable[Fields], task: asyncio.Task[Any], visit: Visit, message: Incoming, *, leaving_cancels: bool
) -> Fields:
    awaited = AwaitedCall(task, _name(visit, message), _Presence(visit, leaving_cancels))
    awaited.rights = Rights(visit.snapshot.facts.slug, visit.principal.token_id, visit.profile.id)
    running = visit.runtime.running
    running.begin(awaited)
    try:
        return await ending
    except asyncio.CancelledError:
        if not awaited.is_taken_back or _is_ending(task):
            raise
        raise awaited.why or CallCancelled("The call was cancelled.") from None
    finally:
        running.end(awaited)


def _name(visit: Visit, message: Incoming) -> RequestKey | None:
    """By which the client may take the call back. Without a session it can't; a 2026-07-28 client closes the stream."""
    return RequestKey(visit.session.id, message.key) if visit.session is not None else None


def _is_ending(cancelled: asyncio.Task[Any]) -> bool:
    """Whether our own request is being ended, and not the call alone."""
    current = asyncio.current_task()
    if current is None:
        return False
    return (current.uncancel() if current is cancelled else current.cancelling()) > 0


async def _outcome(call: Call, visit: Visit) -> Fields:
    """Of a tool, a no that the model should read is a result, too."""
    try:
        return await governed_call(call, visit.runtime)
    except ToolRefusal as refusal:
        if call.method == TOOLS_CALL:
            return error_result(refusal)
        told = refusal.data if isinstance(refusal, LimitReached) else None
        raise RpcRefusal(INTERNAL_ERROR, refusal.message, error_data=told) from None
    except DatabaseError:
        raise Unavailable(
            "Harriet's database does not answer, so the call was not decided. Try again soon, and tell your "
            "IT team if it stays like this."
        ) from None


class _Presence:
    """Keeps the connection to a call's client alive, and sees when it is gone."""

    __slots__ = ("_leaving_cancels", "_visit")

    def __init__(self, visit: Visit, leaving_cancels: bool) -> None:
        self._visit, self._leaving_cancels = visit, leaving_cancels

    async def __call__(self, awaited: AwaitedCall) -> None:
        exchange = self._visit.exchange
        gone = asyncio.ensure_future(exchange.receive())
        try:
            while not (await asyncio.wait({gone}, timeout=KEEP_ALIVE_SECONDS))[0]:
                await exchange.reply.keep_alive()
            exchange.reply.is_gone = True
            if self._leaving_cancels:
                awaited.take_back()
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
