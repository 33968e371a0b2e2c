"""Calls of 2026-07-28 clients at servers that ask while they work: the call stands still, its questions are the result
of the client's request, and the client's next request brings the answers, to whichever web process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from harriet.gateway.content.results import INPUT_REQUIRED, Fields
from harriet.gateway.errors import CallCancelled, RpcRefusal
from harriet.gateway.questions.readable import is_readable
from harriet.gateway.questions.request_state import Where, seal_state
from harriet.gateway.questions.rules import ANSWER_SECONDS, LARGEST_ANSWER, may_be_asked
from harriet.gateway.steps.asker import CANNOT, NOT_DECLARED, TOO_LATE, UNREADABLE, refusal
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.error_codes import INTERNAL_ERROR, INVALID_PARAMS

GATHER = 0.02
"""Seconds in which questions that a server asks at once become one result."""
MOST_SUSPENDED = 2000
"""Calls that wait in one process."""
Answers = Mapping[str, msgspec.Raw]

_GONE = (
    "What this request went on with is no longer waiting. Whether its server carried it out is not known; look before "
    "you send the request anew, without requestState."
)


@dataclass(slots=True)
class _Question:
    method: str
    params: bytes
    answer: asyncio.Future[bytes]


class TurnAsker:
    """Collects what a server asks until it is the client's turn."""

    is_inline = False
    why_not = NOT_DECLARED

    def __init__(self, capabilities: Mapping[str, Any]) -> None:
        self.capabilities = capabilities
        self._questions: dict[str, _Question] = {}
        self._turn = asyncio.Event()

    async def ask(self, method: str, params: bytes) -> bytes:
        """The member of the response, as the client's next request brings it."""
        if not may_be_asked(self.capabilities, method, params):
            return CANNOT
        if not is_readable(method, msgspec.Raw(params)):
            return UNREADABLE
        loop = asyncio.get_running_loop()
        key = f"question-{secrets.token_hex(4)}"
        self._questions[key] = _Question(method, params, loop.create_future())
        loop.call_later(GATHER, self._turn.set)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._questions[key].answer
        except TimeoutError:
            return TOO_LATE
        finally:
            self._questions.pop(key, None)
            if not self._questions:
                self._turn.clear()

    async def turn(self) -> None:
        """Returns when the client has to answer something."""
        await self._turn.wait()

    def requests(self) -> bytes:
        """What is open, as `inputRequests`."""
        every = {key: {"method": one.method, "params": msgspec.Raw(one.params)} for key, one in self._questions.items()}
        return msgspec.json.encode(every)

    def answer(self, answers: Answers) -> None:
        """Answers to unknown questions are passed over; a question without one is asked again."""
        for key, answer in answers.items():
            question = self._questions.get(key)
            if question is None or question.answer.done():
                continue
            is_small = len(bytes(answer)) <= LARGEST_ANSWER
            member = b'"result":' + bytes(answer) if is_small else refusal("The answer is too large.", INTERNAL_ERROR)
            question.answer.set_result(member)
        if all(one.answer.done() for one in self._questions.values()):
            self._turn.clear()


@dataclass(slots=True)
class SuspendedCall:
    """A call that waits for its client."""

    call: Call
    asker: TurnAsker
    task: asyncio.Task[Fields]
    expiry: asyncio.TimerHandle | None = None
    name: str = field(default_factory=lambda: secrets.token_urlsafe(12))


class SuspendedCalls:
    """The calls of this process that wait for their client's next request."""

    def __init__(self, process: str, clock: Callable[[], float]) -> None:
        """`process`: this one's address in the mailbox; `clock`: seconds since 1970, by the database."""
        self._process, self._clock = process, clock
        self._waiting: dict[str, SuspendedCall] = {}

    async def end_or_turn(self, suspended: SuspendedCall) -> Fields:
        """The call's result; or its questions, as a result, when it is the client's turn. When whoever waits here is
        cancelled, the call is. Raises what the call raises, and RpcRefusal when too many wait."""
        turn = asyncio.ensure_future(suspended.asker.turn())
        try:
            await asyncio.wait({suspended.task, turn}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError as why:
            suspended.task.cancel(*why.args)
            raise
        finally:
            turn.cancel()
        if not suspended.task.done():
            return self._suspend(suspended)
        if suspended.task.cancelled():
            raise CallCancelled("The call was cancelled.")
        return suspended.task.result()

    def take(self, name: str) -> SuspendedCall:
        """The call that the client goes on with. Raises RpcRefusal: it ended, or another request has taken it."""
        suspended = self._waiting.pop(name, None)
        if suspended is None:
            raise gone()
        if suspended.expiry is not None:
            suspended.expiry.cancel()
        return suspended

    def _suspend(self, suspended: SuspendedCall) -> Fields:
        """The result that hands the questions to the client."""
        if len(self._waiting) >= MOST_SUSPENDED:
            suspended.task.cancel("Too many calls waited for an answer from their clients.")
            raise RpcRefusal(503, "Too many calls wait for an answer from their clients. Try again later.", status=503)
        self._waiting[suspended.name] = suspended
        suspended.expiry = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._give_up, suspended.name)
        state = seal_state(suspended.call, self._clock(), where=Where(self._process, suspended.name))
        return {
            "resultType": INPUT_REQUIRED,
            "inputRequests": msgspec.Raw(suspended.asker.requests()),
            "requestState": msgspec.Raw(msgspec.json.encode(state)),
        }

    def _give_up(self, name: str) -> None:
        suspended = self._waiting.pop(name, None)
        if suspended is not None:
            suspended.task.cancel("The client brought no answer in time.")


def gone() -> RpcRefusal:
    """For a call that nobody has any more."""
    return RpcRefusal(INVALID_PARAMS, _GONE)
