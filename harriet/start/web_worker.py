"""The kind of web process that gunicorn keeps: uvicorn's over httptools, cheaper than gunicorn's own in Python.

uvicorn leaves to a proxy what Harriet has to bound itself: how long the head of a request may be, how slowly a request
may come, and how many connections one address may hold. And it ends a connection so that its last answer arrives, and
serves a request that would rather be spoken in another protocol.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from typing import Any, ClassVar

from django.conf import settings
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from harriet.lib.http.client_addresses import group_of
from harriet.start.doors import Doors

LARGEST_HEAD = 64 * 1024
"""Bytes of a request line with its headers, or of what stands between two chunks of a body."""
ARRIVAL_SECONDS = 60.0
"""From the first byte of a request to its last."""
HEAD_SECONDS = 10.0
"""Of these for the head; also for a connection on which nothing is said at first."""
CROWDED_SECONDS = 2.0
"""The same, for an address of which very many connections say nothing."""
LINGER_BYTES = 64 * 2**20
LINGER_SECONDS, LINGER_SILENCE = 30.0, 5.0
"""How much of a refused body is still read, for how long, and how long nothing may come. A connection that is closed
with something unread is reset, and the client loses the answer that says why (RFC 9112 §9.6)."""
_WISHES = frozenset({b"upgrade", b"http2-settings"})
_LAST_STEPS = 2
"""Seconds of gunicorn's patience that are kept for what comes after the last answer."""


class OnePacket:
    """A transport that keeps the head of an answer until the body's first bytes come, a moment later: a write is what
    answering costs most, and what comes in two packets wakes the client twice."""

    __slots__ = ("_head", "_loop", "_protocol", "_transport")

    def __init__(self, transport: asyncio.Transport, protocol: BoundedProtocol) -> None:
        self._transport, self._loop, self._protocol = transport, protocol.loop, protocol
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._protocol.is_ending:
            return
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif data[:5] == b"HTTP/" and data[-4:] == b"\r\n\r\n":
            self._head = data
            self._loop.call_soon(self._flush)  # the body may take its time
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        if self._protocol.has_more_to_read():
            self._protocol.linger(self._transport)
        else:
            self._transport.close()

    def cut(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._protocol.is_ending or self._transport.is_closing()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)


class BoundedProtocol(HttpToolsProtocol):
    largest_head, arrival_seconds, head_seconds = LARGEST_HEAD, ARRIVAL_SECONDS, HEAD_SECONDS
    doors = Doors(most=0)
    is_ending = False
    """The last answer is said; what still comes is thrown away."""
    _address = ""
    _quiet = 0
    """Bytes that came without any of a body."""
    _began = 0.0
    """When the request that is on its way here began; 0 between requests."""
    _head_began = 0.0
    """The same for its head."""
    _has_spoken = _is_over = False
    _wants_upgrade = False
    """The request that is on its way asks for another protocol."""
    _unwanted = 0
    """Bytes of the body that came after the answer."""
    _check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        packets = OnePacket(transport, self)
        self.transport = packets  # type: ignore[assignment]  # no more of one is used
        self._began = self._head_began = self.loop.time()
        self._address = group_of(self.client[0] if self.client else "")
        if self.doors.enter(self._address):
            self._check = self.loop.call_later(min(CROWDED_SECONDS, self.head_seconds), self._look)
        else:
            packets.write(_plain(b"503 Service Unavailable", b"Too many connections are open from your address."))
            packets.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        self.doors.leave(self._address, has_spoken=self._has_spoken)
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.is_ending:
            self._discard(len(data), LINGER_BYTES if self._has_spoken else self.largest_head)
            return
        self._quiet += len(data)
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except HttpParserError:
            message = "Invalid HTTP request received."
            self.logger.warning(message)
            self.send_400_response(message)
            return
        if self._quiet > self.largest_head and not self.is_ending:
            self._refuse(b"431 Request Header Fields Too Large", b"The head of the request is too long.")

    def send_400_response(self, msg: str) -> None:
        self._began = self._began or self.loop.time()  # what can't be read has no end that we would see
        super().send_400_response(msg)

    def _feed(self, data: bytes) -> None:
        """As uvicorn does; but for the parser a request ends with its head when it asks for another protocol (Java's
        client asks for h2c with its first one), so it is read once more, without that wish and with its body."""
        rest = data
        while True:
            try:
                self.parser.feed_data(rest)
                return
            except HttpParserUpgrade as wish:
                if not self._wants_upgrade:  # CONNECT: what follows is no HTTP
                    return
                rest = memoryview(rest)[wish.args[0] :]  # type: ignore[assignment]  # it takes these, too
                self.parser.feed_data(self._head_without_wish())

    def _head_without_wish(self) -> bytes:
        """RFC 9110 §7.8: a server may ignore Upgrade."""
        lines = [b"%b: %b\r\n" % (name, value) for name, value in self.headers if name not in _WISHES]
        first = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return first + b"".join(lines) + b"\r\n"

    def on_message_begin(self) -> None:
        self._began = self._head_began = self.loop.time()
        self._wants_upgrade = False
        self._unwanted = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._wants_upgrade = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self._wants_upgrade:
            return
        self._quiet, self._head_began = 0, 0.0
        if not self._has_spoken:
            self._has_spoken = True
            self.doors.spoke(self._address)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._quiet = 0
        if self.cycle.response_complete:
            self._discard(len(body), LINGER_BYTES)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._wants_upgrade:
            return
        self._quiet, self._began = 0, 0.0
        super().on_message_complete()

    def has_more_to_read(self) -> bool:
        """Whether closing now would reset the connection."""
        is_heard = self.cycle is not None or self._quiet > 0
        return self._began > 0 and is_heard and not (self._is_over or self.is_ending)

    def linger(self, transport: asyncio.Transport) -> None:
        """Says that the answer has ended, and reads on for a while. The client's own end closes the connection."""
        self.is_ending = True
        self._began = self._head_began = self.loop.time()
        self._unwanted = 0
        self.flow.resume_reading()
        if transport.can_write_eof():
            transport.write_eof()
        if self._check is not None:
            self._check.cancel()
        self._check = self.loop.call_later(LINGER_SILENCE, self._look_ending, 0)

    def _look_ending(self, known: int) -> None:
        if self._unwanted == known or self.loop.time() - self._began >= LINGER_SECONDS:
            self._cut()
        else:
            self._check = self.loop.call_later(LINGER_SILENCE, self._look_ending, self._unwanted)

    def _discard(self, size: int, most: int) -> None:
        self._unwanted += size
        if self._unwanted > most:
            self._cut()

    def _look(self) -> None:
        """Now and then, rather than with a timer for each request."""
        now = self.loop.time()
        crowded = min(CROWDED_SECONDS, self.head_seconds)
        patience = crowded if self.doors.is_crowded(self._address) else self.head_seconds
        if self._head_began and now - self._head_began >= patience:
            self._refuse(b"408 Request Timeout", b"The request did not arrive in time.")
        elif self._began and now - self._began >= self.arrival_seconds:
            self._cut()
        else:
            pause = crowded if self._head_began else min(self.head_seconds / 2, self.arrival_seconds / 4)
            self._check = self.loop.call_later(pause, self._look)

    def _refuse(self, status: bytes, message: bytes) -> None:
        """For a head that is not to be served. Whoever said nothing at all is told nothing."""
        is_heard = self._quiet > 0 and (self.cycle is None or self.cycle.response_complete)
        if is_heard:
            self.transport.write(_plain(status, message))
        self.transport.close() if is_heard else self._cut()

    def _cut(self) -> None:
        packets: Any = self.transport
        packets.cut()


def _plain(status: bytes, message: bytes) -> bytes:
    head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(message)
    return b"HTTP/1.1 " + status + b"\r\n" + head + message


class _Server(Server):
    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Streams have no end of their own, so the application ends them first."""
        end_streams = getattr(self.config.app, "end_streams", None)
        if end_streams is not None:
            await end_streams()
        await super().shutdown(sockets)


class WebWorker(UvicornWorker):  # type: ignore[misc]  # it has no types
    """Who is before us is for Harriet's settings to say, so proxy headers are not read here."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": BoundedProtocol,
        "ws": "none",
        "lifespan": "on",
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
    }

    def init_process(self) -> None:
        BoundedProtocol.doors.most = settings.CONNECTIONS_PER_ADDRESS
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # each stream is a connection, and 1024 are usual
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        super().init_process()

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        self.config.timeout_graceful_shutdown = max(self.cfg.graceful_timeout - _LAST_STEPS, 1)
        server = _Server(config=self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
