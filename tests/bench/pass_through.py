"""What any gateway in Python costs at the least: uvicorn, one pooled aiohttp session, and the body handed on unread. No
permission, no log, no credential, and no Harriet. It reads BENCH_SERVER, the address that it hands everything to."""

from __future__ import annotations

import os
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

SERVER = os.environ.get("BENCH_SERVER", "")
HANDED_ON = {b"content-type", b"accept", b"mcp-protocol-version", b"mcp-method", b"mcp-name"}
NO_POST = (200, b"application/json", b"{}")


class PassThrough:
    """The session is made with the first request: it belongs to the loop that serves them."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        status, kind, out = await self._handed_on(scope["headers"], body) if scope["method"] == "POST" else NO_POST
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(out))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": out})

    async def _handed_on(self, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[int, bytes, bytes]:
        if self._session is None:
            self._session = ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar())
        handed_on = {name.decode(): value.decode() for name, value in headers if name in HANDED_ON}
        async with self._session.post(SERVER, data=body, headers=handed_on) as answer:
            return answer.status, answer.headers["content-type"].encode(), await answer.read()


app = PassThrough()
