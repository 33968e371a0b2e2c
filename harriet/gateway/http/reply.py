"""An answer that is JSON until it has to be a stream of events."""

from __future__ import annotations

from functools import lru_cache

from harriet.gateway.http.asgi import Send
from harriet.gateway.http.journal import RETRY_MS, Journal, Journals
from harriet.lib.http.accept import Accept

KEEP_ALIVE_SECONDS = 15.0
"""Between two signs of life to a client that waits: proxies end connections on which nothing is said."""
JSON = (b"content-type", b"application/json")
CLOSE = (b"connection", b"close")
"""A client that was hung up on comes back on another connection: on this one the call still runs."""
_STREAM_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class HttpReply:
    """Answers once. `notify` and `keep_alive` turn the answer into an event stream, if the client takes one."""

    __slots__ = (
        *("_has_hung_up", "_is_primed", "_is_streaming", "_journal", "_journals", "_kept_for", "_retry_ms", "_send"),
        *("is_done", "is_gone", "may_stream", "more_headers", "takes_json"),
    )

    def __init__(self, send: Send, accept: bytes) -> None:
        self._send = send
        self.takes_json, self.may_stream = _taken(accept)
        self._is_streaming = self._is_primed = self._has_hung_up = False
        self._retry_ms = RETRY_MS
        self._journals: Journals | None = None
        self._journal: Journal | None = None
        self._kept_for = (b"", b"")
        self.more_headers: tuple[tuple[bytes, bytes], ...] = ()
        """For web pages of other origins, and for a client that needs another token."""
        self.is_done = False
        self.is_gone = False
        """The client went away: nobody hears the answer."""

    def make_resumable(self, journals: Journals, session_id: bytes, rpc_id: bytes) -> None:
        """Should the answer become a stream, the client may go on with it on another connection."""
        self._journals, self._kept_for = journals, (session_id, rpc_id)

    async def notify(self, message: bytes) -> None:
        if self._journals is not None:
            await self._begin()
        await self.event(self._noted(message), message)

    async def event(self, event_id: bytes, message: bytes) -> None:
        await self._event(_framed(event_id, message))

    async def keep_alive(self) -> None:
        await self._event(b":\n\n")

    async def as_stream(self) -> None:
        """The answer comes as a stream of its own even if nothing is said before it, as both official SDKs' servers
        give their lists to clients of 2025-11-25."""
        await self._begin()

    async def prime(self, retry_ms: int | None) -> None:
        """Begins the stream with an id, where the client can go on with it."""
        if self._journals is None or self._is_streaming or not self.may_stream:
            return
        self._is_primed, self._retry_ms = True, RETRY_MS if retry_ms is None else retry_ms
        await self._begin()

    async def hang_up(self) -> None:
        """Ends the connection of a primed stream; what is said from now on is there for the client that comes back."""
        if not self._is_primed or self.is_done or self._has_hung_up or self._journal is None:
            return
        self._has_hung_up = True
        if not self._journal.is_taken_over:
            await self._send({"type": "http.response.body", "body": b""})

    async def finish(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """The JSON-RPC answer, or nothing at all for what needs no answer."""
        if self.is_done:
            return
        if not self.takes_json and status == 200 and body:
            self.more_headers = (*self.more_headers, *headers)
            await self._begin()
        if self._is_streaming:
            await self._end_stream(body)
            return
        self.is_done = True
        known = [(b"content-length", b"%d" % len(body)), *headers, *self.more_headers]
        if body:
            known.append(JSON)
        await self._send({"type": "http.response.start", "status": status, "headers": known})
        await self._send({"type": "http.response.body", "body": body})

    def abandon(self) -> None:
        """For a client that doesn't read: whatever would still be said is not."""
        self.is_done = True

    async def _end_stream(self, body: bytes) -> None:
        last = _framed(self._noted(body), body) if body else b""
        if self._journals is not None and self._journal is not None:
            self._journals.end(self._journal)
            last = b"" if self._journal.is_taken_over else last
        self.is_done = True
        if not self._has_hung_up:
            await self._send({"type": "http.response.body", "body": last})

    async def _event(self, event: bytes) -> None:
        if self.is_done or not self.may_stream:
            return
        await self._begin()
        if not self._has_hung_up and (self._journal is None or not self._journal.is_taken_over):
            await self._send({"type": "http.response.body", "body": event, "more_body": True})

    async def _begin(self) -> None:
        if self._is_streaming or self.is_done or not self.may_stream:
            return
        self._is_streaming = True
        first = b""
        if self._journals is not None:
            self._journal = self._journals.begin(*self._kept_for)
            first = b"retry: %d\nid: %b\ndata:\n\n" % (self._retry_ms, self._journal.id_of(0))
        headers = [*_STREAM_HEADERS, *([CLOSE] if self._is_primed else []), *self.more_headers]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        if first:
            await self._send({"type": "http.response.body", "body": first, "more_body": True})

    def _noted(self, message: bytes) -> bytes:
        """The id of the event, where there are ids. What is said after the connection broke is kept as well."""
        if self._journals is None or self._journal is None or self.is_done:
            return b""
        return self._journals.add(self._journal, message)


@lru_cache(1024)
def _taken(accept: bytes) -> tuple[bool, bool]:
    """Whether the client takes a JSON answer, and a stream of events; of the latter it must have said so. The same few
    values come with every request."""
    said = Accept(accept.decode("latin-1"))
    return said.takes("application/json"), said.says_something and said.takes("text/event-stream")


def _one_line(message: bytes) -> bytes:
    """JSON has line breaks only between its parts, where a space is as good; an event can't hold them."""
    return message.replace(b"\r", b" ").replace(b"\n", b" ")


def _framed(event_id: bytes, message: bytes) -> bytes:
    name = b"id: %b\n" % event_id if event_id else b""
    return name + b"event: message\ndata: " + _one_line(message) + b"\n\n"
