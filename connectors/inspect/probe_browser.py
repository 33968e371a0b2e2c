"""How the probe gets somebody's consent: a link that they open, and a door on this machine that they come back to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.inspect.probe_sign_in import CannotSignInHere
from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, session

PATIENCE = 300
"""Seconds for somebody to sign in and consent."""
_PATH = "/callback"
_DONE = b"You can close this page: the probe goes on."


class LocalDoor:
    """`with LocalDoor(tell) as door`: on a free port of this machine alone."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._back: dict[str, str] = {}
        self._http = HTTPServer(("127.0.0.1", 0), _handler(self._back))
        self._http.timeout = PATIENCE
        self.redirect_uri = f"http://127.0.0.1:{self._http.server_address[1]}{_PATH}"

    def __enter__(self) -> LocalDoor:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.server_close()

    def browse(self, url: str) -> Mapping[str, str]:
        """Raises CannotSignInHere when nobody comes back."""
        self._back.clear()
        self._tell(f"Open this address, sign in and allow it:\n{url}")
        self._http.handle_request()
        if not self._back:
            raise CannotSignInHere(f"Nobody came back within {PATIENCE // 60} minutes.")
        return dict(self._back)


def visit(url: str, reach: Reach) -> Mapping[str, str]:
    """For a provider that consents by itself, as that of a test suite: its answer leads straight back."""
    try:
        with session(reach, deadline=20) as opened:
            answer = opened.get(url)
    except (EgressRefused, EgressTimeout, EgressFailed) as problem:
        raise CannotSignInHere(problem.message) from None
    location = answer.headers.get("Location", "")
    if not 300 <= answer.status_code < 400 or not location:
        raise CannotSignInHere(f"The sign-in page doesn’t consent by itself ({answer.status_code}).")
    return dict(parse_qsl(urlsplit(location).query))


def _handler(back: dict[str, str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == _PATH:
                back.update(parse_qsl(parts.query))
            self.send_response(200 if parts.path == _PATH else 404)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(_DONE)

        def log_message(self, format: str, *args: Any) -> None:
            """Its address holds the code: nothing of it is written anywhere."""

    return Handler
