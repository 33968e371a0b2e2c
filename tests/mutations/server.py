"""A server that says what a test tells it to, byte for byte, in either era, and notes which calls reached it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from tests.servers.running import free_port
from tests.servers.upstream import read

JSON, STREAM = (b"content-type", b"application/json"), (b"content-type", b"text/event-stream")
LEGACY, MODERN = "2025-11-25", "2026-07-28"
ID = "@ID@"
"""Stands for the id of the request in a message that is written as a whole."""


@dataclass
class Said:
    """An answer: the raw JSON of its result, or of the whole message; and what is said in a stream before it."""

    result: str = ""
    message: str = ""
    before: list[str] = field(default_factory=list)
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def to(self, rpc_id: Any) -> str:
        name = json.dumps(rpc_id)
        return self.message.replace(ID, name) or f'{{"jsonrpc":"2.0","id":{name},"result":{self.result}}}'


class OddServer:
    """`lists`: by method, the raw JSON of each entry; `later` has those of the later era, where they are others.
    `answers`: by marker (see `marker_of`)."""

    def __init__(self, capabilities: dict[str, Any] | None = None, *eras: str) -> None:
        self.capabilities = capabilities or {"tools": {}}
        self.eras = eras or (LEGACY,)
        self.lists: dict[str, list[str]] = {}
        self.later: dict[str, list[str]] = {}
        self.answers: dict[str, Said] = {}
        self.usual = {
            "tools/call": '{"content":[{"type":"text","text":"done"}],"resultType":"complete"}',
            "prompts/get": '{"messages":[],"resultType":"complete"}',
            "resources/read": '{"contents":[],"resultType":"complete","ttlMs":0,"cacheScope":"private"}',
            "completion/complete": '{"completion":{"values":[]},"resultType":"complete"}',
        }
        self.called: Counter[str] = Counter()
        self.port = free_port()
        config = uvicorn.Config(
            self._app, port=self.port, log_level="error", lifespan="off", timeout_keep_alive=75, interface="asgi3"
        )
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
        self._thread.join(60)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] != "POST":
            await _send(send, 405, b"", JSON)
            return
        message = json.loads(await read(receive))
        era = MODERN if dict(scope["headers"]).get(b"mcp-protocol-version") == MODERN.encode() else LEGACY
        if era not in self.eras:
            await _send(send, 400, b"", JSON)
        elif "id" not in message or "method" not in message:
            await _send(send, 202, b"", JSON)
        else:
            said = self._said(message, era)
            answer = said.to(message["id"])
            if not said.before:
                await _send(send, said.status, answer.encode(), JSON, *said.headers)
                return
            events = "".join(f"data: {one}\n\n" for one in [*said.before, answer])
            await _send(send, said.status, events.encode(), STREAM, *said.headers)

    def _said(self, message: dict[str, Any], era: str) -> Said:
        method, params = message["method"], message.get("params", {})
        if method in ("initialize", "server/discover"):
            if (method == "initialize") != (era == LEGACY):
                return _unknown(method)
            info = {"name": "odd", "version": "1"}
            said = {"protocolVersion": LEGACY, "capabilities": self.capabilities, "serverInfo": info}
            return Said(json.dumps({**said, "supportedVersions": [MODERN], "resultType": "complete"}))
        if method in self.lists:
            member = {"resources/templates/list": "resourceTemplates"}.get(method, method.partition("/")[0])
            more = '"resultType":"complete","ttlMs":0,"cacheScope":"private"'
            lists = self.later if era == MODERN and self.later else self.lists
            return Said(f'{{"{member}":[{",".join(lists[method])}],{more}}}')
        if method in self.usual:
            marker = marker_of(method, params)
            self.called[marker] += 1
            return self.answers.get(marker, Said(self.usual[method]))
        return Said("{}")


def marker_of(method: str, params: dict[str, Any]) -> str:
    """By which a test knows a call: an argument of this name, the last part of an address, the text to complete."""
    if method == "resources/read":
        return str(params["uri"]).rpartition("/")[2]
    if method == "completion/complete":
        return str(params["argument"]["value"])
    return str(params.get("arguments", {}).get("marker", params.get("name")))


def _unknown(method: str) -> Said:
    error = {"code": -32601, "message": f"There is no {method}."}
    return Said(message=f'{{"jsonrpc":"2.0","id":{ID},"error":{json.dumps(error)}}}')


async def _send(send: Any, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})
