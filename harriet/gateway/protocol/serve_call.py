"""Runs a governed call for a client that waits: watches whether it is still there, keeps the connection alive, and goes
on with a call that asked the client something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from django.db import Error as DatabaseError

from harriet.gateway.call import governed_call
from harriet.gateway.content.blocks import members_of
from harriet.gateway.content.methods import TOOL
from harriet.gateway.content.results import MOST_SAFE, Fields
from harriet.gateway.errors import INTERNAL_ERROR, CallCancelled, RpcRefusal, ToolRefusal, Unavailable
from harriet.gateway.processes.running import Attended, Key
from harriet.gateway.protocol.messages import REQUEST_ID, Incoming
from harriet.gateway.questions.elsewhere import end_or_turn
from harriet.gateway.questions.request_state import Where
from harriet.gateway.questions.suspended import Answers, Parked, TurnAsker
from harriet.gateway.steps.forward import error_result
from harriet.gateway.steps.request import Call

if TYPE_CHECKING:
    from harriet.gateway.protocol.visit import Visit

KEEP_ALIVE = 15.0


async def attend(visit: Visit, message: Incoming, call: Call, *, leaving_cancels: bool) -> Fields:
    """Runs the call. In the modern era a client that goes away cancels its call; in the legacy era it doesn't.

    A call whose client may have to answer something outlives the request that began it, so it is a task of its own;
    every other one runs in its request's task.
    """
    visit.runtime.running.refuse_taken(_name(visit, message))
    if isinstance(call.asker, TurnAsker):
        task = asyncio.get_running_loop().create_task(_outcome(call, visit))
        ending = end_or_turn(Parked(call, call.asker, task), visit.runtime)
        return await _until(ending, task, visit, message, leaving_cancels=leaving_cancels)
    current = asyncio.current_task()
    assert current is not None
    return await _until(_outcome(call, visit), current, visit, message, leaving_cancels=leaving_cancels)


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
    ending: Awaitable[Fields], task: asyncio.Task[Any], visit: Visit, message: Incoming, *, leaving_cancels: bool
) -> Fields:
    attended = Attended(task, _name(visit, message), _Watch(visit, leaving_cancels))
    attended.caller = (visit.snapshot.facts.slug, visit.principal.token_id, visit.profile.id)
    running = visit.runtime.running
    running.begin(attended)
    try:
        return await ending
    except asyncio.CancelledError:
        if not attended.is_taken_back or _is_ending(task):
            raise
        raise attended.why or CallCancelled("The call was cancelled.") from None
    finally:
        running.end(attended)


def _name(visit: Visit, message: Incoming) -> Key | None:
    """By which the client may take the call back. Without a session it can't; a 2026-07-28 client closes the stream."""
    return (visit.session.id, message.key) if visit.session is not None else None


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
        if call.method == TOOL:
            return error_result(refusal)
        raise RpcRefusal(INTERNAL_ERROR, refusal.message) from None
    except DatabaseError:
        raise Unavailable("Harriet's database does not answer, so the call was not decided. Try again soon.") from None


class _Watch:
    """Keeps the connection to a call's client alive, and sees when it is gone."""

    __slots__ = ("_leaving_cancels", "_visit")

    def __init__(self, visit: Visit, leaving_cancels: bool) -> None:
        self._visit, self._leaving_cancels = visit, leaving_cancels

    async def __call__(self, attended: Attended) -> None:
        exchange = self._visit.exchange
        gone = asyncio.ensure_future(exchange.receive())
        try:
            while not (await asyncio.wait({gone}, timeout=KEEP_ALIVE))[0]:
                await exchange.reply.keep_alive()
            exchange.reply.is_gone = True
            if self._leaving_cancels:
                attended.take_back()
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone


def with_meta(fields: Fields, more: dict[str, Any]) -> bytes:
    """The result with our own members added to its `_meta`; everything else keeps its bytes."""
    known = fields.get("_meta")
    return msgspec.json.encode({**fields, "_meta": more if known is None else {**_sound_meta(known), **more}})


def _sound_meta(known: msgspec.Raw) -> dict[str, Any]:
    """Without what means something else in a `_meta` of its form: the TypeScript SDKs lose the result over it."""
    try:
        _RESERVED_META(known)
        return members_of(known) or {}
    except msgspec.MsgspecError:
        return {key: value for key, value in (members_of(known) or {}).items() if key not in _RESERVED}


_TASK = "io.modelcontextprotocol/related-task"
_Safe = Annotated[int, msgspec.Meta(ge=-MOST_SAFE, le=MOST_SAFE)]


class _Task(msgspec.Struct):
    taskId: str  # the protocol's name


class _Meta(msgspec.Struct):
    token: str | _Safe | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="progressToken")
    task: _Task | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name=_TASK)


_RESERVED = frozenset({"progressToken", _TASK})
_RESERVED_META = msgspec.json.Decoder(_Meta).decode


def call_meta(call: Call) -> dict[str, Any]:
    return {REQUEST_ID: call.request_id}
