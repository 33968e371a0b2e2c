"""What a server of the legacy era asks in the middle of a request: answered beside the stream that brought it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any, Protocol

import msgspec

from connectors.errors import UpstreamError
from connectors.transports.base import OnQuestion
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.envelope import Message
from harriet.lib.mcp.error_codes import INTERNAL_ERROR, METHOD_NOT_FOUND
from harriet.lib.mcp.methods import CAPABILITY_FOR_QUESTION, PING
from harriet.lib.mcp.notifications import CANCELLED

log = logging.getLogger(__name__)

MOST_QUESTIONS, MOST_PINGS = 32, 1000
"""Of one request."""
PAUSE_SECONDS = 600.0
"""For how long in all the deadline of a request stands still while people answer."""

Answer = Callable[[bytes], Awaitable[None]]
_PONG = b'{"jsonrpc":"2.0","id":%b,"result":{}}'
_NOT_SUPPORTED = (
    b'{"jsonrpc":"2.0","id":%%b,"error":{"code":%d,"message":"This client does not support the method."}}'
    % METHOD_NOT_FOUND
)
_NO_ANSWER = b'"error":{"code":%d,"message":"The question could not be answered."}' % INTERNAL_ERROR
_OBJECT = msgspec.json.Decoder(dict[str, Any]).decode


class TooManyQuestions(Exception):
    """The server asks more than any request needs."""


class Stoppable(Protocol):
    """A time-out that stands still while people answer."""

    def go_on(self, left: float) -> None:
        """Sets the seconds that are left until a time-out."""


class ServerQuestions:
    """The questions of one request. `answer` sends a JSON-RPC response to the server.

    Nothing is made or read here before the first question comes: most requests have none.
    """

    __slots__ = (
        "_answer",
        "_began",
        "_capabilities",
        "_countdown",
        "_left",
        "_on_question",
        "_pings",
        "_tasks",
        "timer",
    )

    def __init__(
        self, answer: Answer, on_question: OnQuestion | None, capabilities: bytes, countdown: Countdown
    ) -> None:
        self._answer = answer
        self._on_question = on_question
        self._capabilities = capabilities
        self._countdown = countdown
        self._left = PAUSE_SECONDS
        self._began = 0.0
        self._pings = 0
        self._tasks: dict[bytes, asyncio.Task[None] | None] | None = None
        self.timer: Stoppable | None = None
        """What ends the request at the moment; it keeps to the countdown."""

    async def take(self, question: Message) -> None:
        """Answers at once, or begins to ask somebody. Raises TooManyQuestions."""
        name = bytes(question.id)
        if question.method == PING:
            self._pings += 1
            if self._pings > MOST_PINGS:
                raise TooManyQuestions
            await self._send(_PONG % name)
        elif self._on_question is None or not self._may_ask(question.method):
            await self.refuse(question)
        elif self._count(name):
            task = asyncio.create_task(self._ask(self._on_question, question))
            self._begin(name, task)

    async def refuse(self, question: Message) -> None:
        """Answers without bothering anybody. Raises TooManyQuestions."""
        name = bytes(question.id)
        self._count(name)
        await self._send(_NOT_SUPPORTED % name)

    def take_back(self, message: Message) -> None:
        """The server no longer needs an answer (notifications/cancelled)."""
        try:
            name = msgspec.json.encode(_OBJECT(message.params).get("requestId"))
        except msgspec.MsgspecError:
            return
        task = self._tasks.get(name) if self._tasks else None
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        tasks = self._waiting()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)

    def _waiting(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks.values() if task is not None] if self._tasks else []

    def _may_ask(self, method: str) -> bool:
        try:
            return CAPABILITY_FOR_QUESTION.get(method) in _OBJECT(self._capabilities)
        except msgspec.MsgspecError:
            return False

    def _count(self, name: bytes) -> bool:
        """False for a question that was asked before. Raises TooManyQuestions."""
        if self._tasks is None:
            self._tasks = {}
        if name in self._tasks:
            return False
        if len(self._tasks) >= MOST_QUESTIONS:
            raise TooManyQuestions
        self._tasks[name] = None
        return True

    def _begin(self, name: bytes, task: asyncio.Task[None]) -> None:
        """The countdown stands still while somebody thinks about an answer."""
        assert self._tasks is not None
        if not self._waiting():
            self._began = monotonic()
            self._countdown.extend(self._left)
            self._keep_to_the_countdown()
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._end(name))

    def _end(self, name: bytes) -> None:
        assert self._tasks is not None
        self._tasks[name] = None
        if not self._waiting():
            unused = max(self._left - (monotonic() - self._began), 0.0)
            self._countdown.extend(-unused)
            self._left = unused
            self._keep_to_the_countdown()

    def _keep_to_the_countdown(self) -> None:
        if self.timer is not None:
            self.timer.go_on(self._countdown.ends_in())

    async def _ask(self, on_question: OnQuestion, question: Message) -> None:
        name = bytes(question.id)
        try:
            member = await on_question(question.method, bytes(question.params) or b"{}")
        except Exception:
            log.exception("A question of a server's could not be answered.")
            member = _NO_ANSWER
        await self._send(b'{"jsonrpc":"2.0","id":%b,%b}' % (name, member))

    async def _send(self, answer: bytes) -> None:
        try:
            await self._answer(answer)
        except UpstreamError as problem:
            log.info("An answer to a server's question didn't arrive: %s", problem)


async def take_if_asked(several: Sequence[ServerQuestions], message: Message) -> bool:
    """Whether a message on a stream of the server's own asks something, or takes that back; otherwise it is news. With
    more than one request on its way nobody knows whose question it is: each may be another person's. Raises
    TooManyQuestions."""
    is_taken_back = not message.id and message.method == CANCELLED
    if message.id and len(several) == 1:
        await several[0].take(message)
    elif message.id and several:
        await several[0].refuse(message)
    elif is_taken_back:
        for questions in several:
            questions.take_back(message)
    return bool(message.id) or is_taken_back
