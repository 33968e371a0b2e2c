"""Asking another web process something and following its answers to the last; and answering others that ask so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, Generic, Protocol, TypeVar

from harriet.gateway.processes.mailbox import Mailbox

ARE_YOU_THERE = "are-you-there"
"""Nobody answers this: that it was delivered says enough."""
_NOBODY_WAITS = "Nobody waited for the call any more at the web process that its client had reached."
"""For the audit log."""


class ProcessGone(Exception):
    """No more is heard from the other process. Whether it did what it was asked is not known."""


class NobodyThere(ProcessGone):
    """Nobody was at its address when something was to be told."""


class TookTooLong(ProcessGone):
    """Its last answer didn't come in time."""


class ProcessQuestion(Protocol):
    """What one process asks another."""

    @property
    def ticket(self) -> str:
        """The name of the question, which its answers bear: `secrets.token_urlsafe`."""

    @property
    def process(self) -> str:
        """Who asks."""


class ProcessAnswer(Protocol):
    """What the other process says of it."""

    @property
    def ticket(self) -> str: ...


Q = TypeVar("Q", bound=ProcessQuestion)
A = TypeVar("A", bound=ProcessAnswer)
Next = Callable[[], Awaitable[A]]
"""The next answer. Raises ProcessGone."""


@dataclass(frozen=True, slots=True)
class Correspondence(Generic[Q, A]):
    """What the processes call a question, an answer and the end of interest among each other, and their form."""

    ask: str
    back: str
    leave: str
    encode: Callable[[Any], bytes]
    question_in: Callable[[bytes], Q]
    answer_in: Callable[[bytes], A]


class Following(Generic[Q, A]):
    """The questions of one kind that this process asked of others, and its work on those of others."""

    def __init__(
        self, mailbox: Mailbox, words: Correspondence[Q, A], serve: Callable[[Q], Awaitable[None]], *, look_every: float
    ) -> None:
        """`serve` works on a question of another process, and tells its answers; it is cancelled when nobody wants them
        any more. `look_every`: seconds of silence after which it is looked whether the other process is still there."""
        self._mailbox, self._words = mailbox, words
        self._serve, self._look_every = serve, look_every
        self._came: dict[str, asyncio.Queue[A]] = {}
        self._serving: dict[str, asyncio.Future[None]] = {}
        mailbox.on(words.ask, self._asked)
        mailbox.on(words.back, self._came_back)
        mailbox.on(words.leave, self._left)

    @asynccontextmanager
    async def asking(self, process: str, question: Q, *, seconds: float = inf) -> AsyncIterator[Next[A]]:
        """The way to the answers, for so many seconds. Raises ProcessGone. When nobody listens any more before the last
        answer came, because the block failed or was cancelled or the time is over, the other process is told and ends
        its work: what it did by then it records itself."""
        came = self._came[question.ticket] = asyncio.Queue()
        try:
            await self._send(process, self._words.ask, self._words.encode(question))
            yield partial(self._next, process, came, asyncio.get_running_loop().time() + seconds)
        except NobodyThere:
            raise
        except BaseException:
            await asyncio.shield(self._mailbox.send(process, self._words.leave, question.ticket.encode()))
            raise
        finally:
            del self._came[question.ticket]

    async def tell(self, process: str, answer: A) -> bool:
        """False when nobody is there to hear it."""
        return await self._mailbox.send(process, self._words.back, self._words.encode(answer))

    async def _next(self, process: str, came: asyncio.Queue[A], until: float) -> A:
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout_at(min(loop.time() + self._look_every, until)):
                    return await came.get()
            except TimeoutError:
                if loop.time() >= until:
                    raise TookTooLong from None
                await self._send(process, ARE_YOU_THERE, b"")

    async def _send(self, process: str, kind: str, body: bytes) -> None:
        if not await self._mailbox.send(process, kind, body):
            raise NobodyThere

    async def _came_back(self, body: bytes) -> None:
        answer = self._words.answer_in(body)
        came = self._came.get(answer.ticket)
        if came is not None:
            came.put_nowait(answer)

    async def _asked(self, body: bytes) -> None:
        question = self._words.question_in(body)
        task = asyncio.ensure_future(self._serve(question))
        self._serving[question.ticket] = task
        task.add_done_callback(lambda _: self._serving.pop(question.ticket, None))

    async def _left(self, body: bytes) -> None:
        task = self._serving.get(body.decode())
        if task is not None:
            task.cancel(_NOBODY_WAITS)
