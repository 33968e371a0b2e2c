"""One HTTP/1.1 connection to a server: sends a request, takes its answer apart, one after the other.

Of our own because every call passes here, and a general client costs three times the CPU. The parsing is llhttp's,
strict: an answer with two lengths, or with a length and chunks, is no answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, cast

import httptools

LARGEST_HEAD = 64 * 1024
"""Bytes without any of a body: the head of an answer, or what stands between two of its chunks."""
_MUCH = 256 * 1024
"""Body bytes that wait to be read; beyond, the server has to wait."""


class Disconnected(Exception):
    """The connection ended before the answer did, or what came is no HTTP. Quotes nothing of either."""


class Headers(Mapping[str, str]):
    """Of an answer. Names in any case; of a name that is there twice, the first value."""

    __slots__ = ("_more", "_values")

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._more: dict[str, list[str]] = {}

    def add(self, name: bytes, value: bytes) -> None:
        """As the parser gives them: Latin-1 names, values of any bytes (what is no UTF-8 becomes surrogates)."""
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape")
        if self._values.setdefault(key, text) is not text:
            self._more.setdefault(key, []).append(text)

    def every(self, name: str) -> list[str]:
        """The values of all headers of this name, in their order."""
        key = name.lower()
        return [self._values[key], *self._more.get(key, ())] if key in self._values else []

    def joined(self, name: str) -> str:
        """As one list (RFC 9110 §5.3); not for Set-Cookie."""
        return ", ".join(self.every(name))

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:
        """The first value of this name, in any case of its letters."""
        return self._values.get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Connection(asyncio.Protocol):
    """Keeps to one request at a time: `put` it, then `head`, then `chunk` until it is empty, or `whole`."""

    __slots__ = (
        "_chunks",
        "_has_body",
        "_has_head",
        "_is_complete",
        "_is_lost",
        "_is_paused",
        "_is_reusable",
        "_loop",
        "_parser",
        "_quiet",
        "_size",
        "_transport",
        "_waiter",
        "headers",
        "status",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._chunks: deque[bytes] = deque()
        self._parser: httptools.HttpResponseParser | None = None
        self._is_lost = self._is_paused = False
        self._is_complete = self._is_reusable = True
        self._has_head, self._has_body = False, True
        self._size = self._quiet = 0
        self.status = 0
        self.headers = Headers()

    # What a request needs, in this order.

    @property
    def is_usable(self) -> bool:
        """Whether another request can be sent."""
        return (
            self._is_complete
            and self._is_reusable
            and not self._is_lost
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def put(self, request: bytes, *, has_body: bool) -> None:
        """Sends a request. Nothing waits here: no frame that a traceback may show holds what was sent."""
        if self._transport is None or not self.is_usable:
            raise Disconnected
        self._parser = httptools.HttpResponseParser(self)
        self._chunks.clear()
        self._is_complete = self._has_head = False
        self._has_body = has_body
        self._size = self._quiet = self.status = 0
        self.headers = Headers()
        self._go_on()  # the last answer may have ended while it had to wait
        self._transport.write(request)

    async def head(self) -> None:
        """Returns when status and headers are there."""
        while not self._has_head:
            await self._more()

    async def chunk(self) -> bytes:
        """What has arrived of the body, and is not empty before its end."""
        while not self._chunks:
            if self._is_complete:
                return b""
            await self._more()
        found = self._chunks.popleft() if len(self._chunks) == 1 else self._taken()
        self._size -= len(found)
        self._go_on()
        return found

    async def whole(self) -> bytes:
        """The rest of the body. Only for one whose length is known."""
        while not self._is_complete:
            self._go_on()
            await self._more()
        self._size = 0
        return self._taken()

    def abort(self) -> None:
        """At once, with whatever is on its way."""
        self._is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    def _taken(self) -> bytes:
        found = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        return found

    async def _more(self) -> None:
        """Returns when something has come. Raises Disconnected."""
        if self._is_lost:
            raise Disconnected
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _go_on(self) -> None:
        if self._is_paused and self._transport is not None and not self._is_lost:
            self._is_paused = False
            self._transport.resume_reading()

    def _fail(self) -> None:
        self._is_lost = True
        self.abort()
        self._wake()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._is_complete or self._parser is None:  # nobody asked for this
            self._fail()
            return
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._is_reusable = False
            if not self._is_complete:
                self._fail()
        if self._quiet > LARGEST_HEAD and not self._is_complete:
            self._fail()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._is_reusable = False
        if self._has_head and not self._is_complete and error is None and self._ends_with_connection():
            self._is_complete = True
        self._is_lost = True
        self._wake()

    def _ends_with_connection(self) -> bool:
        return "content-length" not in self.headers and "transfer-encoding" not in self.headers

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._is_complete:  # a second answer to one request
            self._is_reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._has_head:
            self.headers.add(name, value)

    def on_headers_complete(self) -> None:
        if self._is_complete:
            return
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status == 101:  # nobody asked for another protocol
            self._fail()
        if status < 200:
            self.headers = Headers()  # it announces the one that counts
            return
        self.status, self._has_head, self._quiet = status, True, 0
        if not self._has_body:
            self._is_complete, self._is_reusable = True, False
        self._wake()

    def on_body(self, data: bytes) -> None:
        if self._is_complete or not data:
            return
        self._quiet = 0
        self._size += len(data)
        self._chunks.append(data)
        if self._size > _MUCH and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if self._is_complete or not self._has_head:
            return
        assert self._parser is not None
        self._is_complete = True
        self._is_reusable = self._is_reusable and self._parser.should_keep_alive()
        self._wake()
