"""What was said in the streams of this process, kept for clients whose connection breaks (2025-11-25: Last-Event-ID).

A call's events stay in the memory of the process that runs it, while it runs and for a minute after. An event's id
names that process, so any process can fetch them; and the request, so that a client whose call is lost is told so.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from harriet.lib import base64url

RETRY_MS = 1000
"""After which a client whose connection broke comes back, unless the server said otherwise."""
KEPT_SECONDS = 60.0
"""After the end of a call."""
LARGEST = 16 * 2**20
"""Bytes that are kept of all streams of a process; beyond that the oldest are forgotten."""
_LONGEST_ID = 400
"""Characters of an event's id."""
_PROCESS, _NUMBER = re.compile(r"[0-9a-f]{16}"), re.compile(r"[0-9]{1,9}")


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


class Journals:
    """The streams of this process that can be gone on with."""

    def __init__(self, process: str) -> None:
        """`process`: this one's address in the mailbox."""
        self._process = process
        self._kept: OrderedDict[str, Journal] = OrderedDict()

    def begin(self, session_id: bytes, rpc_id: bytes) -> Journal:
        name = secrets.token_urlsafe(12)
        journal = self._kept[name] = Journal(f"{self._process}.{name}", session_id, rpc_id)
        return journal

    def add(self, journal: Journal, message: bytes) -> bytes:
        """Keeps the message. The id of its event."""
        journal.add(message)
        event_id = journal.id_of(len(journal.events))
        excess = sum(kept.size for kept in self._kept.values()) - LARGEST
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

    def find(self, session_id: bytes, stream: str) -> Journal | None:
        """The stream of this name, if it is of this session."""
        journal = self._kept.get(stream)
        return journal if journal is not None and journal.session_id == session_id else None
