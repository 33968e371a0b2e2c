"""A chat that takes messages at an address, with moods that a test may change while it runs."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Chat:
    """`status` is what it answers; `hangs_up` closes the connection without an answer once it has read everything."""

    def __init__(self) -> None:
        self.status, self.hangs_up = 200, False
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/services/T1/B1/verysecretpart"

    def said(self, number: int = -1) -> dict[str, Any]:
        return dict(json.loads(self.bodies[number]))

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _handler(chat: Chat) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chat.headers.append({name.lower(): value for name, value in self.headers.items()})
            chat.bodies.append(body)
            if chat.hangs_up:
                return
            self.send_response(chat.status)
            self.send_header("Location", "https://elsewhere.example/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
