"""A client goes on with a call that stands still in another web process: its answers go there, and whatever the call
says comes back, until it ends or asks again."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from harriet.gateway.content.results import Fields
from harriet.gateway.errors import CallCancelled, GatewayError, Relayed
from harriet.gateway.questions.request_state import Where
from harriet.gateway.questions.suspended import Answers, Parked, gone
from harriet.gateway.steps.error_objects import error_of

if TYPE_CHECKING:
    from harriet.gateway.runtime import Runtime
    from harriet.gateway.steps.request import Call, Stream

GO_ON, ABANDON, BACK, ARE_YOU_THERE = "go-on", "abandon", "back", "are-you-there"
LONGEST = 900.0
LOOK_EVERY = 5.0
"""Seconds between two looks whether the other process is still there."""


_ABSENT = msgspec.Raw(b"")


class _GoOn(msgspec.Struct):
    relay: str
    process: str
    parked: str
    answers: dict[str, msgspec.Raw]
    progress_token: str | int | None


class _Back(msgspec.Struct, omit_defaults=True):
    """Exactly one of the three: a notification, the result, or an error with its HTTP status."""

    relay: str
    notification: msgspec.Raw = _ABSENT
    result: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT
    status: int = 0


_GO_ON = msgspec.json.Decoder(_GoOn).decode
_BACK = msgspec.json.Decoder(_Back).decode
_FIELDS = msgspec.json.Decoder(Fields).decode


@dataclass(slots=True)
class _RelayStream:
    """The client is at another process."""

    runtime: Runtime
    process: str
    relay: str
    is_gone: bool = False
    may_stream: bool = True

    async def notify(self, message: bytes) -> None:
        await self.tell(_Back(self.relay, notification=msgspec.Raw(message)))

    async def keep_alive(self) -> None:
        return

    async def prime(self, retry_ms: int | None) -> None:
        return

    async def hang_up(self) -> None:
        return

    async def tell(self, back: _Back) -> None:
        await self.runtime.post.send(self.process, BACK, msgspec.json.encode(back))


@dataclass(slots=True)
class _Waiting:
    came: asyncio.Queue[_Back] = field(default_factory=asyncio.Queue)


class Relays:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: dict[str, _Waiting] = {}
        self._serving: dict[str, asyncio.Task[Any]] = {}
        post = runtime.post
        post.on(GO_ON, self._go_on)
        post.on(BACK, self._came_back)
        post.on(ABANDON, self._abandon)
        post.on(ARE_YOU_THERE, _nothing)

    async def go_on(self, where: Where, answers: Answers, call: Call, stream: Stream) -> Fields:
        """The result as it comes from the other process. Raises Relayed, or RpcRefusal when that process has ended."""
        relay, waiting = secrets.token_urlsafe(12), _Waiting()
        self._waiting[relay] = waiting
        question = _GoOn(relay, self._runtime.post.process, where.parked, dict(answers), _progress_token(call))
        try:
            async with asyncio.timeout(LONGEST):
                await self._send(where.process, GO_ON, msgspec.json.encode(question))
                while True:
                    back = await self._next(where.process, waiting)
                    if not bytes(back.notification):
                        return _told(back)
                    await stream.notify(bytes(back.notification))
        except TimeoutError:
            raise gone() from None
        except asyncio.CancelledError:
            await asyncio.shield(self._runtime.post.send(where.process, ABANDON, relay.encode()))
            raise
        finally:
            self._waiting.pop(relay, None)

    async def _next(self, process: str, waiting: _Waiting) -> _Back:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    return await waiting.came.get()
            except TimeoutError:
                await self._send(process, ARE_YOU_THERE, b"")

    async def _send(self, process: str, kind: str, body: bytes) -> None:
        if not await self._runtime.post.send(process, kind, body):
            raise gone()

    async def _came_back(self, body: bytes) -> None:
        back = _BACK(body)
        waiting = self._waiting.get(back.relay)
        if waiting is not None:
            waiting.came.put_nowait(back)

    async def _go_on(self, body: bytes) -> None:
        asked = _GO_ON(body)
        task = asyncio.create_task(self._serve(asked))
        self._serving[asked.relay] = task
        task.add_done_callback(lambda _: self._serving.pop(asked.relay, None))

    async def _abandon(self, body: bytes) -> None:
        task = self._serving.get(body.decode())
        if task is not None:
            task.cancel()

    async def _serve(self, asked: _GoOn) -> None:
        stream = _RelayStream(self._runtime, asked.process, asked.relay)
        call = None
        try:
            parked = self._runtime.parking.take(asked.parked)
            call = parked.call
            call.stream = stream
            if asked.progress_token is not None:
                call.meta = {**call.meta, "progressToken": asked.progress_token}
            parked.asker.answer(asked.answers)
            fields = await end_or_turn(parked, self._runtime)
            await stream.tell(_Back(asked.relay, result=msgspec.Raw(msgspec.json.encode(fields))))
        except GatewayError as problem:
            status, error = error_of(problem, call, is_modern=True)
            await stream.tell(_Back(asked.relay, error=msgspec.Raw(msgspec.json.encode(error)), status=status))


async def end_or_turn(parked: Parked, runtime: Runtime) -> Fields:
    """The call's result; or its questions, as a result, when it is the client's turn. When whoever waits here is
    cancelled, the call is."""
    turn = asyncio.ensure_future(parked.asker.turn())
    try:
        await asyncio.wait({parked.task, turn}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError as why:
        parked.task.cancel(*why.args)
        raise
    finally:
        turn.cancel()
    if not parked.task.done():
        return runtime.parking.park(parked, runtime)
    if parked.task.cancelled():
        raise CallCancelled("The call was cancelled.")
    return parked.task.result()


def _progress_token(call: Call) -> str | int | None:
    """None for what is no token: the other process would not read it, and the client would wait for nothing."""
    token = call.meta.get("progressToken")
    if isinstance(token, str):
        return token
    return token if isinstance(token, int) and not isinstance(token, bool) and abs(token) < 2**63 else None


def _told(back: _Back) -> Fields:
    if bytes(back.result):
        return _FIELDS(back.result)
    error: dict[str, Any] = dict(_FIELDS(back.error))
    raise Relayed(back.status, {**error, "code": msgspec.json.decode(error["code"])})


async def _nothing(body: bytes) -> None:
    return
