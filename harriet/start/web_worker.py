"""The kind of web process that gunicorn keeps: uvicorn's over httptools, cheaper than gunicorn's own in Python.

uvicorn leaves to a proxy what Harriet has to bound itself: how long the head of a request may be, and how slowly a
request may come.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, ClassVar

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

LONGEST_HEAD = 64 * 1024
"""Bytes of a request line with its headers, or of what stands between two chunks of a body."""
ARRIVAL_SECONDS = 60.0
"""From the first byte of a request to its last; also for a connection on which nothing is said at first."""
_LAST_STEPS = 2
"""Seconds of gunicorn's patience that are kept for what comes after the last answer."""


class OnePacket:
    """A transport that keeps the head of an answer until the body's first bytes come, a moment later: a write is what
    answering costs most, and what comes in two packets wakes the client twice."""

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._head = b""

    def write(self, data: bytes) -> None:
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
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)


class BoundedProtocol(HttpToolsProtocol):
    longest_head, arrival_seconds = LONGEST_HEAD, ARRIVAL_SECONDS
    _quiet = 0
    """Bytes that came without any of a body."""
    _began = 0.0
    """When the request that is on its way here began; 0 between requests."""
    _check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = OnePacket(transport, self.loop)  # type: ignore[assignment]  # no more of one is used
        self._began = self.loop.time()
        self._check = self.loop.call_later(self.arrival_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._quiet += len(data)
        super().data_received(data)
        if self._quiet > self.longest_head:
            self.transport.close()

    def on_message_begin(self) -> None:
        self._began = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._quiet = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._quiet = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._quiet, self._began = 0, 0.0
        super().on_message_complete()

    def _look(self) -> None:
        """Now and then, rather than with a timer for each request."""
        if self._began and self.loop.time() - self._began >= self.arrival_seconds:
            self.transport.close()
        else:
            self._check = self.loop.call_later(self.arrival_seconds / 4, self._look)


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

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        self.config.timeout_graceful_shutdown = max(self.cfg.graceful_timeout - _LAST_STEPS, 1)
        server = _Server(config=self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
