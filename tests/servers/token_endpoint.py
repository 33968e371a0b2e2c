"""A token endpoint that answers what a story says; or strictly by itself: a refresh token is good once, and one that
comes twice ends all that came of the same consent."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl

Form = dict[str, str]


class Reply(NamedTuple):
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}
    after: float = 0.0
    """Seconds until it is sent."""
    hangs_up: bool = False
    """Without a word."""


def said(status: int = 200, after: float = 0.0, headers: Mapping[str, str] | None = None, **fields: object) -> Reply:
    return Reply(status, json.dumps(fields).encode(), {"Content-Type": "application/json", **(headers or {})}, after)


class TokenEndpoint:
    """`with TokenEndpoint() as endpoint`; `answers` makes the reply of a form, `forms` and `headers` are what came."""

    def __init__(self, *, expires_in: int = 3600) -> None:
        self.expires_in = expires_in
        self.answers: Callable[[Form], Reply] = self.strict
        self.forms: list[Form] = []
        self.headers: list[dict[str, str]] = []
        self.families: dict[str, str] = {}
        """The refresh token that is good now, by its family."""
        self.spent: dict[str, str] = {}
        """Families by the refresh tokens that were used."""
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> TokenEndpoint:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/token"

    def first_token(self) -> str:
        """Of a new family, as after a consent."""
        family, token = secrets.token_hex(4), f"rt-{secrets.token_hex(16)}"
        self.families[family] = token
        return token

    def strict(self, form: Form) -> Reply:
        given = form.get("refresh_token", "")
        with self._lock:
            family = next((name for name, token in self.families.items() if token == given), None)
            if family is None:
                self.families.pop(self.spent.get(given, ""), None)
                return said(400, error="invalid_grant", error_description="The refresh token was used before.")
            self.spent[given] = family
            self.families[family] = fresh = f"rt-{secrets.token_hex(16)}"
        access = f"at-{secrets.token_hex(16)}"
        return said(access_token=access, refresh_token=fresh, token_type="Bearer", expires_in=self.expires_in)


def _handler(endpoint: TokenEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            endpoint.headers.append({name.lower(): value for name, value in self.headers.items()})
            endpoint.forms.append(form)
            reply = endpoint.answers(form)
            time.sleep(reply.after)
            self.close_connection = True
            if reply.hangs_up:
                return
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            return

    return Handler
