"""Puts a server that speaks over stdin and stdout behind one address, a process for each session, message by message.

python -m tests.servers.stdio_bridge PORT COMMAND [ARGUMENT…]
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any
from uuid import uuid4

import uvicorn

PORT, *COMMAND = sys.argv[1:] or ["0"]
LINE = 16 * 2**20
STREAM = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}


class Session:
    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child
        self.answers: dict[str, asyncio.Queue[bytes]] = {}
        self.own: asyncio.Queue[bytes] = asyncio.Queue()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """Answers go to whoever asked; what the server says by itself, to the only one that waits, or on its stream."""
        assert self.child.stdout is not None
        async for line in self.child.stdout:
            message = json.loads(line)
            waiting = self.answers.get(json.dumps(message.get("id"))) if "method" not in message else None
            if waiting is None:
                waiting = next(iter(self.answers.values())) if len(self.answers) == 1 else self.own
            waiting.put_nowait(line.strip())

    async def send(self, body: bytes) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(body.replace(b"\n", b" ") + b"\n")
        await self.child.stdin.drain()


SESSIONS: dict[str, Session] = {}


async def begin() -> tuple[str, Session]:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*COMMAND, stdin=pipe, stdout=pipe, stderr=sys.stderr, limit=LINE)
    name = uuid4().hex
    SESSIONS[name] = Session(child)
    return name, SESSIONS[name]


async def answer(body: bytes, session_id: str, send: Any) -> None:
    message = json.loads(body)
    is_first = message.get("method") == "initialize"
    name, session = await begin() if is_first else (session_id, SESSIONS.get(session_id))
    if session is None:
        await plain(send, 404 if session_id else 400)
    elif "method" not in message or "id" not in message:
        await session.send(body)
        await plain(send, 202)
    else:
        said: asyncio.Queue[bytes] = asyncio.Queue()
        key = json.dumps(message["id"])
        session.answers[key] = said
        await session.send(body)
        await send({**STREAM, "headers": [*STREAM["headers"], (b"mcp-session-id", name.encode())]})
        is_last = False
        while not is_last:
            line = await said.get()
            is_last = "method" not in json.loads(line)
            await send({"type": "http.response.body", "body": b"data: " + line + b"\n\n", "more_body": not is_last})
        del session.answers[key]


async def listen(session: Session, receive: Any, send: Any) -> None:
    await send(STREAM)
    await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})
    gone = asyncio.ensure_future(_gone(receive))
    while not gone.done():
        coming = asyncio.ensure_future(session.own.get())
        await asyncio.wait({gone, coming}, return_when=asyncio.FIRST_COMPLETED)
        if coming.done():
            body = b"data: " + coming.result() + b"\n\n"
            await send({"type": "http.response.body", "body": body, "more_body": True})
        coming.cancel()


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def plain(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def app(scope: Any, receive: Any, send: Any) -> None:
    headers = dict(scope.get("headers", ()))
    session_id = headers.get(b"mcp-session-id", b"").decode()
    if scope["type"] != "http" or scope["path"] != "/mcp":
        await plain(send, 404)
    elif headers.get(b"mcp-protocol-version") == b"2026-07-28":
        await plain(send, 400)
    elif scope["method"] == "POST":
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await answer(body, session_id, send)
    elif scope["method"] == "DELETE":
        session = SESSIONS.pop(session_id, None)
        if session is not None:
            session.reading.cancel()
            session.child.kill()
        await plain(send, 200)
    elif session_id in SESSIONS:
        await listen(SESSIONS[session_id], receive, send)
    else:
        await plain(send, 405)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(PORT), lifespan="off", log_level="warning", access_log=False)
