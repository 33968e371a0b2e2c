"""One HTTP exchange with an MCP client: headers, body, and an answer that is JSON until it has to be a stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings

from .errors import HttpRefusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON = (b"content-type", b"application/json")
_STREAM_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(slots=True)
class Exchange:
    """A request and the way back."""

    scope: Scope
    headers: dict[bytes, bytes]
    receive: Receive
    reply: Reply

    def has_twice(self, *names: bytes) -> bool:
        """Whether one of these headers was sent more than once: first and last reader would disagree."""
        sent = [name for name, _ in self.scope["headers"] if name in names]
        return len(sent) != len(set(sent))

    @property
    def has_duplicates(self) -> bool:
        return len(self.headers) != len(self.scope["headers"])


class Reply:
    """Answers once. `notify` and `keep_alive` turn the answer into an event stream, if the client takes one."""

    __slots__ = ("_is_streaming", "_may_stream", "_send", "is_done", "is_gone")

    def __init__(self, send: Send, accept: bytes) -> None:
        self._send = send
        self._may_stream = b"text/event-stream" in accept
        self._is_streaming = False
        self.is_done = False
        self.is_gone = False
        """The client went away: nobody hears the answer."""

    async def notify(self, message: bytes) -> None:
        await self._event(b"event: message\ndata: " + _one_line(message) + b"\n\n")

    async def keep_alive(self) -> None:
        await self._event(b":\n\n")

    async def finish(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """The JSON-RPC answer, or nothing at all for what needs no answer."""
        if self.is_done:
            return
        if self._is_streaming:
            await self._end_stream(body)
            return
        self.is_done = True
        known = [(b"content-length", b"%d" % len(body)), *headers]
        if body:
            known.append(JSON)
        await self._send({"type": "http.response.start", "status": status, "headers": known})
        await self._send({"type": "http.response.body", "body": body})

    async def _end_stream(self, body: bytes) -> None:
        self.is_done = True
        last = b"event: message\ndata: " + _one_line(body) + b"\n\n" if body else b""
        await self._send({"type": "http.response.body", "body": last})

    async def _event(self, event: bytes) -> None:
        if self.is_done or not self._may_stream:
            return
        if not self._is_streaming:
            self._is_streaming = True
            await self._send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
        await self._send({"type": "http.response.body", "body": event, "more_body": True})


async def read_body(exchange: Exchange) -> bytes:
    """Raises HttpRefusal 413 before more than the limit is kept, and 400 when the client went away."""
    limit = settings.MCP_BODY_LIMIT
    announced = exchange.headers.get(b"content-length", b"0")
    if not announced.isdigit() or int(announced) > limit:
        raise _too_large(limit)
    parts, size = [], 0
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            raise HttpRefusal(400, "The request ended early.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> HttpRefusal:
    return HttpRefusal(413, f"The message is larger than {limit // 2**20} MiB.", (b"connection", b"close"))


def refusal_body(status: int, message: str) -> bytes:
    """A refusal in the shape of a JSON-RPC error, because that is what MCP clients show."""
    error = {"code": status, "message": message}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": None, "error": error})


def _one_line(message: bytes) -> bytes:
    """JSON has line breaks only between its parts, where a space is as good; an event can't hold them."""
    return message.replace(b"\r", b" ").replace(b"\n", b" ")
