"""A client goes on with a call that stands still in another web process: its answers go there, and whatever the call
says comes back, until it ends or asks again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import msgspec

from harriet.gateway.content.results import Fields
from harriet.gateway.errors import GatewayError, RefusedElsewhere
from harriet.gateway.processes.follow import Correspondence, Following, ProcessGone
from harriet.gateway.processes.mailbox import Mailbox
from harriet.gateway.questions.request_state import Where
from harriet.gateway.questions.suspended import Answers, SuspendedCalls, gone
from harriet.gateway.steps.error_objects import error_of
from harriet.gateway.steps.request import Call, Stream

LONGEST = 900.0
"""Seconds that a call may take there until it ends or asks again."""
LOOK_EVERY = 5.0
"""Seconds of silence until it is looked whether the other process is still there."""

_ABSENT = msgspec.Raw(b"")


class _GoOn(msgspec.Struct):
    """Go on with this call, which waits in your process."""

    ticket: str = msgspec.field(name="relay")
    process: str
    suspended: str = msgspec.field(name="parked")
    answers: dict[str, msgspec.Raw]
    progress_token: str | int | None


class _FromCall(msgspec.Struct, omit_defaults=True):
    """What comes back of the call. Exactly one of the three: a notification, the result, or an error with its HTTP
    status."""

    ticket: str = msgspec.field(name="relay")
    notification: msgspec.Raw = _ABSENT
    result: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT
    status: int = 0


_WORDS = Correspondence(
    ask="go-on",
    back="back",
    leave="abandon",
    encode=msgspec.json.encode,
    question_in=msgspec.json.Decoder(_GoOn).decode,
    answer_in=msgspec.json.Decoder(_FromCall).decode,
)
_FIELDS = msgspec.json.Decoder(Fields).decode


@dataclass(slots=True)
class _StreamElsewhere:
    """The client is at another process."""

    following: Following[_GoOn, _FromCall]
    asked: _GoOn
    is_gone: bool = False
    may_stream: bool = True

    async def notify(self, message: bytes) -> None:
        await self.tell(_FromCall(self.asked.ticket, notification=msgspec.Raw(message)))

    async def keep_alive(self) -> None:
        return

    async def prime(self, retry_ms: int | None) -> None:
        return

    async def hang_up(self) -> None:
        return

    async def tell(self, said: _FromCall) -> None:
        await self.following.tell(self.asked.process, said)


class CallsElsewhere:
    """Goes on with calls of other processes for clients that are here, and with calls of this one for clients there."""

    def __init__(self, mailbox: Mailbox, suspended: SuspendedCalls) -> None:
        self._process, self._suspended = mailbox.process, suspended
        self._following = Following(mailbox, _WORDS, self._serve, look_every=LOOK_EVERY)

    async def go_on(self, where: Where, answers: Answers, call: Call, stream: Stream) -> Fields:
        """The result as it comes from the other process. Raises RefusedElsewhere, or RpcRefusal when that process has
        ended."""
        ticket = secrets.token_urlsafe(12)
        go_on = _GoOn(ticket, self._process, where.suspended, dict(answers), _progress_token(call))
        try:
            async with self._following.asking(where.process, go_on, seconds=LONGEST) as following:
                while bytes((said := await following()).notification):
                    await stream.notify(bytes(said.notification))
        except ProcessGone:
            raise gone() from None
        return _told(said)

    async def _serve(self, asked: _GoOn) -> None:
        """A call of this process goes on for a client that is at another one."""
        stream, call = _StreamElsewhere(self._following, asked), None
        try:
            suspended = self._suspended.take(asked.suspended)
            call = suspended.call
            call.stream = stream
            if asked.progress_token is not None:
                call.meta = {**call.meta, "progressToken": asked.progress_token}
            suspended.asker.answer(asked.answers)
            fields = await self._suspended.end_or_turn(suspended)
            await stream.tell(_FromCall(asked.ticket, result=msgspec.Raw(msgspec.json.encode(fields))))
        except GatewayError as problem:
            status, error = error_of(problem, call, is_modern=True)
            await stream.tell(_FromCall(asked.ticket, error=msgspec.Raw(msgspec.json.encode(error)), status=status))


def _progress_token(call: Call) -> str | int | None:
    """None for what is no token: the other process would not read it, and the client would wait for nothing."""
    token = call.meta.get("progressToken")
    if isinstance(token, str):
        return token
    return token if isinstance(token, int) and not isinstance(token, bool) and abs(token) < 2**63 else None


def _told(said: _FromCall) -> Fields:
    if bytes(said.result):
        return _FIELDS(said.result)
    error: dict[str, Any] = dict(_FIELDS(said.error))
    raise RefusedElsewhere(said.status, {**error, "code": msgspec.json.decode(error["code"])})
