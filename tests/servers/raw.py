"""A server whose answers are the bytes that a story says, whatever they are: lists as real servers write them wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Result = bytes | Callable[[dict[str, Any]], bytes]
"""The raw result, or what makes it of the request's params."""


class RawServer:
    """`with RawServer() as server`; `results` by method. What it has no result for, it doesn't know."""

    def __init__(self, *, is_modern: bool = False, **capabilities: Any) -> None:
        self.is_modern = is_modern
        self.in_events = False
        self.results: dict[str, Result] = {}
        self.capabilities = capabilities or {"tools": {}, "prompts": {}, "resources": {}}
        self.seen: list[dict[str, Any]] = []
        self.bearers: list[str] = []
        """What `Authorization` said with each."""
        self.refuses: set[str] = set()
        """What of it is answered with 401, unread."""
        self.challenge: dict[str, str] = {}
        """Headers that go with it."""
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> RawServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/mcp"

    def of(self, method: str) -> list[dict[str, Any]]:
        return [message["params"] for message in self.seen if message.get("method") == method]

    def authorizations(self, method: str) -> list[str]:
        pairs = zip(self.seen, self.bearers, strict=True)
        return [bearer for message, bearer in pairs if message.get("method") == method]

    def answer(self, message: dict[str, Any]) -> bytes:
        """The member of the message that answers."""
        method = message.get("method", "")
        result = self.results.get(method, self._beginning(method))
        if callable(result):
            result = result(message.get("params", {}))
        if result is None:
            return b'"error":{"code":-32601,"message":"Method not found"}'
        return b'"result":' + result

    def _beginning(self, method: str) -> bytes | None:
        if method == "server/discover" and self.is_modern:
            said: dict[str, Any] = {"supportedVersions": ["2026-07-28"], "capabilities": self.capabilities}
            return json.dumps(said).encode()
        if method == "initialize" and not self.is_modern:
            info = {"name": "raw", "version": "1"}
            said = {"protocolVersion": "2025-11-25", "capabilities": self.capabilities, "serverInfo": info}
            return json.dumps(said).encode()
        return None


def _send_headers(handler: BaseHTTPRequestHandler, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        handler.send_header(name, value)


def _handler(server: RawServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            bearer = self.headers.get("Authorization", "")
            if bearer in server.refuses:
                self._send(401, b"", **server.challenge)
                return
            server.seen.append(message)
            server.bearers.append(bearer)
            if "id" not in message:
                self._send(202, b"")
                return
            answer = server.answer(message)
            body = b'{"jsonrpc":"2.0","id":%s,%s}' % (json.dumps(message["id"]).encode(), answer)
            if server.in_events:
                self._send(200, b"data: %s\n\n" % body, "text/event-stream")
            else:
                self._send(200, body)

        def do_GET(self) -> None:
            self._send(405, b"{}")

        do_DELETE = do_GET

        def _send(self, status: int, body: bytes, kind: str = "application/json", **more: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            _send_headers(self, more)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
