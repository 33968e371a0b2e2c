"""Answers in streams that a client may go on with after its connection broke (2025-11-25: GET with Last-Event-ID).

A call's events stay in the memory of the process that runs it, while it runs and for a minute after. An event's id
names that process, so any process can fetch them; and the request, so that a client whose call is lost is told so.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from harriet.gateway.errors import INTERNAL_ERROR
from harriet.lib import base64url

if TYPE_CHECKING:
    from harriet.gateway.http.exchange import Reply
    from harriet.gateway.processes.mailbox import Post

RESUMABLE_SINCE = "2025-11-25"
RETRY_MS = 1000
KEPT_SECONDS = 60.0
MOST_BYTES = 16 * 2**20
"""Of all streams of a process; beyond that the oldest are forgotten."""
LOOK_EVERY = 15.0
ASK, BACK, LEAVE = "resume", "resumed", "not-resumed"
_LONGEST_ID = 400
_PROCESS, _NUMBER = re.compile(r"[0-9a-f]{16}"), re.compile(r"[0-9]{1,9}")
_LOST = (
    "Your connection broke, and the answer is no longer kept. Whether the call was carried out is not known; look "
    "before you repeat it."
)


class Journal:
    """What was said in one stream. Whoever resumes it takes it over from the connection before."""

    __slots__ = ("_news", "_turn", "events", "is_dropped", "is_ended", "name", "rpc_id", "session_id", "size")

    def __init__(self, name: str, session_id: bytes, rpc_id: bytes) -> None:
        self.name, self.session_id, self.rpc_id = name, session_id, rpc_id
        self.events: list[bytes] = []
        self.size = 0
        self.is_ended = self.is_dropped = False
        self._turn = 0
        self._news = asyncio.Event()

    @property
    def is_taken_over(self) -> bool:
        return self._turn > 0

    def add(self, message: bytes) -> None:
        if not self.is_dropped:
            self.events.append(message)
            self.size += len(message)
        self._wake()

    def end(self) -> None:
        self.is_ended = True
        self._wake()

    def drop(self) -> None:
        self.is_dropped = True
        self.events.clear()
        self.size = 0
        self._wake()

    async def after(self, number: int) -> AsyncIterator[tuple[int, bytes]]:
        """The events after this one, as they come, until the stream ends or somebody else takes it over."""
        self._turn += 1
        mine = self._turn
        self._wake()
        while mine == self._turn and not self.is_dropped:
            news = self._news
            while number < len(self.events) and mine == self._turn:
                number += 1
                yield number, self.events[number - 1]
            if self.is_ended and number >= len(self.events):
                return
            await news.wait()

    def id_of(self, number: int) -> bytes:
        """Number 0 is the event that only brings the first id."""
        request = base64url.encode(self.rpc_id) if len(self.rpc_id) <= _LONGEST_ID // 2 else ""
        return b"%b.%d.%b" % (self.name.encode(), number, request.encode())

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


@dataclass(frozen=True, slots=True)
class EventId:
    """`<process>.<stream>.<number>.<request>`, read from what a client sent."""

    process: str
    stream: str
    number: int
    rpc_id: bytes

    @classmethod
    def read(cls, header: str) -> EventId | None:
        parts = header.split(".")
        if (
            len(header) > _LONGEST_ID
            or len(parts) != 4
            or not (_PROCESS.fullmatch(parts[0]) and _NUMBER.fullmatch(parts[2]))
        ):
            return None
        try:
            rpc_id = base64url.decode(parts[3])
            msgspec.json.decode(rpc_id, type=int | str)
        except (ValueError, msgspec.MsgspecError):
            return None
        return cls(parts[0], parts[1], int(parts[2]), rpc_id)


class _Ask(msgspec.Struct):
    ticket: str
    process: str
    stream: str
    number: int
    session_id: bytes


class _Back(msgspec.Struct, omit_defaults=True):
    """An event; or the end, of a stream that was found or not."""

    ticket: str
    event_id: bytes = b""
    message: bytes = b""
    is_found: bool = True


_ASK = msgspec.msgpack.Decoder(_Ask).decode
_BACK = msgspec.msgpack.Decoder(_Back).decode


@dataclass(slots=True)
class Journals:
    """The streams of this process that can be gone on with, and those of others that are followed from here."""

    post: Post
    _kept: OrderedDict[str, Journal] = field(default_factory=OrderedDict)
    _followed: dict[str, asyncio.Queue[_Back]] = field(default_factory=dict)
    _told: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.post.on(ASK, self._asked)
        self.post.on(BACK, self._came_back)
        self.post.on(LEAVE, self._left)

    def begin(self, session_id: bytes, rpc_id: bytes) -> Journal:
        name = secrets.token_urlsafe(12)
        journal = self._kept[name] = Journal(f"{self.post.process}.{name}", session_id, rpc_id)
        return journal

    def add(self, journal: Journal, message: bytes) -> bytes:
        """Keeps the message. The id of its event."""
        journal.add(message)
        event_id = journal.id_of(len(journal.events))
        excess = sum(kept.size for kept in self._kept.values()) - MOST_BYTES
        for name in list(self._kept) if excess > 0 else ():
            dropped = self._kept.pop(name)
            excess -= dropped.size
            dropped.drop()
            if excess <= 0:
                break
        return event_id

    def end(self, journal: Journal) -> None:
        journal.end()
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._kept.pop, journal.name.partition(".")[2], None)

    async def replay(self, session_id: bytes, wanted: EventId, reply: Reply) -> None:
        """Sends what came after this event, until the stream's end; when it is lost, an error that says so."""
        follow = self._here if wanted.process == self.post.process else self._elsewhere
        if not await follow(session_id, wanted, reply):
            error = msgspec.json.encode({"code": INTERNAL_ERROR, "message": _LOST})
            await reply.notify(b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (wanted.rpc_id, error))

    async def _here(self, session_id: bytes, wanted: EventId, reply: Reply) -> bool:
        journal = self._of(session_id, wanted.stream)
        if journal is None:
            return False
        async for number, message in journal.after(wanted.number):
            await reply.event(journal.id_of(number), message)
        return not journal.is_dropped

    async def _elsewhere(self, session_id: bytes, wanted: EventId, reply: Reply) -> bool:
        ticket = secrets.token_urlsafe(12)
        came = self._followed[ticket] = asyncio.Queue()
        ask = _Ask(ticket, self.post.process, wanted.stream, wanted.number, session_id)
        try:
            is_there = await self.post.send(wanted.process, ASK, msgspec.msgpack.encode(ask))
            while is_there:
                try:
                    back = await asyncio.wait_for(came.get(), LOOK_EVERY)
                except TimeoutError:
                    is_there = await self.post.send(wanted.process, "are-you-there", b"")
                    continue
                if not back.message:
                    return back.is_found
                await reply.event(back.event_id, back.message)
            return False
        finally:
            del self._followed[ticket]
            await asyncio.shield(self.post.send(wanted.process, LEAVE, ticket.encode()))

    async def _asked(self, body: bytes) -> None:
        ask = _ASK(body)
        task = asyncio.create_task(self._tell(ask))
        self._told[ask.ticket] = task
        task.add_done_callback(lambda _: self._told.pop(ask.ticket, None))

    async def _tell(self, ask: _Ask) -> None:
        journal = self._of(ask.session_id, ask.stream)
        if journal is not None:
            async for number, message in journal.after(ask.number):
                back = _Back(ask.ticket, journal.id_of(number), message)
                if not await self.post.send(ask.process, BACK, msgspec.msgpack.encode(back)):
                    return
        last = _Back(ask.ticket, is_found=journal is not None and not journal.is_dropped)
        await self.post.send(ask.process, BACK, msgspec.msgpack.encode(last))

    async def _came_back(self, body: bytes) -> None:
        back = _BACK(body)
        came = self._followed.get(back.ticket)
        if came is not None:
            came.put_nowait(back)

    async def _left(self, body: bytes) -> None:
        task = self._told.get(body.decode())
        if task is not None:
            task.cancel()

    def _of(self, session_id: bytes, stream: str) -> Journal | None:
        journal = self._kept.get(stream)
        return journal if journal is not None and journal.session_id == session_id else None
