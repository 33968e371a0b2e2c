"""A server that says what a test tells it to, byte for byte, and notes which calls reached it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Any

import uvicorn

from tests.gateway.upstream import read
from tests.servers.running import free_port

JSON, STREAM = (b"content-type", b"application/json"), (b"content-type", b"text/event-stream")


class OddServer:
    """`lists`: by method, the raw JSON of each entry. `answers`: by marker, a raw result and what is said before it.

    A call is known by its argument `marker`, else by the name of its tool.
    """

    def __init__(self, capabilities: dict[str, Any] | None = None) -> None:
        self.capabilities = capabilities or {"tools": {}}
        self.lists: dict[str, list[str]] = {}
        self.answers: dict[str, tuple[str, list[str]]] = {}
        self.usual = '{"content":[{"type":"text","text":"done"}]}'
        self.called: Counter[str] = Counter()
        self.port = free_port()
        config = uvicorn.Config(self._app, port=self.port, log_level="error", lifespan="off", interface="asgi3")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] != "POST":
            await _send(send, 405, b"", JSON)
            return
        message = json.loads(await read(receive))
        if "id" not in message:
            await _send(send, 202, b"", JSON)
            return
        result, before = self._said(message)
        answer = f'{{"jsonrpc":"2.0","id":{json.dumps(message["id"])},"result":{result}}}'
        if not before:
            await _send(send, 200, answer.encode(), JSON)
            return
        events = "".join(f"data: {said}\n\n" for said in [*before, answer])
        await _send(send, 200, events.encode(), STREAM)

    def _said(self, message: dict[str, Any]) -> tuple[str, list[str]]:
        method, params = message["method"], message.get("params", {})
        if method == "initialize":
            info = {"name": "odd", "version": "1"}
            said = {"protocolVersion": "2025-11-25", "capabilities": self.capabilities, "serverInfo": info}
            return json.dumps(said), []
        if method in self.lists:
            member = {"resources/templates/list": "resourceTemplates"}.get(method, method.partition("/")[0])
            return f'{{"{member}":[{",".join(self.lists[method])}]}}', []
        if method == "tools/call":
            marker = str(params.get("arguments", {}).get("marker", params.get("name")))
            self.called[marker] += 1
            return self.answers.get(marker, (self.usual, []))
        return "{}", []


async def _send(send: Any, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})
