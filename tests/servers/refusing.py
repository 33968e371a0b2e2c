"""Further ways of the server in hostile.py: it refuses one call with a status and words of its own, loses sessions,
sets cookies, and writes its headers and events as HTTP allows.

`legacy` and `old` make servers that are in order but for what they are told to do with a `tools/call`.
"""

import asyncio
import json
from typing import Any

from tests.servers.hostile import (
    BEHAVIOURS,
    JSON,
    SSE,
    Behaviour,
    Hostile,
    Seen,
    answer,
    by_method,
    event,
    fixed,
    reply,
)
from tests.servers.talkative import only

Writer = asyncio.StreamWriter
PLAIN, HTML, PROBLEM = "text/plain", "text/html; charset=utf-8", "application/problem+json"
OK = '{"content":[{"type":"text","text":"done"}],"resultType":"complete"}'
HELLO = {"protocolVersion": "2025-06-18", "serverInfo": {"name": "old"}, "capabilities": {"tools": {}}}


def behaving(path: str, behaviour: Any) -> str:
    BEHAVIOURS[path] = behaviour
    return path


def error(message: str, code: int = -32000, id: Any = None, **more: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message, **more}}).encode()


def own_error(status: int, message: str, code: int, *more: str) -> Behaviour:
    """A JSON-RPC error that bears the request's id."""

    async def behave(server: Hostile, seen: Seen, writer: Writer) -> None:
        reply(writer, error(message, code, seen.message.get("id")), status, JSON, *more)

    return behave


def in_words(status: int, body: str | bytes, kind: str = PLAIN, *more: str) -> Behaviour:
    return fixed(status, body.encode() if isinstance(body, str) else body, kind, *more)


def once(first: Behaviour) -> Behaviour:
    """The first call is refused so, the others are carried out."""

    async def behave(server: Hostile, seen: Seen, writer: Writer) -> None:
        if len(server.of("tools/call")) == 1:
            await first(server, seen, writer)
        else:
            reply(writer, answer(seen, OK))

    return behave


def legacy(unknown: Behaviour | None = None, **behaviours: Behaviour) -> Behaviour:
    """Keeps sessions; what comes without a known one gets `unknown`."""
    known = by_method(**{"tools_call": in_words(200, "unused"), **behaviours})

    async def behave(server: Hostile, seen: Seen, writer: Writer) -> None:
        method = seen.message.get("method", "")
        if seen.method != "POST":
            reply(writer, b"", 405, PLAIN)
        elif method in {"initialize", "server/discover", "notifications/initialized"}:
            await known(server, seen, writer)
        elif seen.headers.get("mcp-session-id") not in server.sessions:
            await (unknown or in_words(404, ""))(server, seen, writer)
        elif method == "tools/call" and "tools_call" not in behaviours:
            reply(writer, answer(seen, OK))
        elif method == "ping" and "ping" not in behaviours:
            reply(writer, answer(seen, "{}"))
        else:
            await known(server, seen, writer)

    return behave


def with_cookies(*set_cookie: str, rotates: bool = False, has_ids: bool = True) -> Behaviour:
    """Behind a balancer that sets cookies: each session is known by its cookie alone."""

    async def behave(server: Hostile, seen: Seen, writer: Writer) -> None:
        if seen.message.get("method") == "initialize":
            name = f"node-{len(server.of('initialize'))}"
            cookies = [f"Set-Cookie: {one}".replace("NODE", name) for one in set_cookie]
            ids = [f"Mcp-Session-Id: {name}"] if has_ids else []
            server.sessions.add(name)
            reply(writer, answer(seen, json.dumps(HELLO)), 200, JSON, *ids, *cookies)
        elif "id" not in seen.message:
            reply(writer, b"", 202, JSON)
        else:
            more = [f"Set-Cookie: turn={len(server.of('tools/call'))}; Path=/"] if rotates else []
            reply(writer, answer(seen, OK), 200, JSON, *more)

    return behave


def written(head: list[str], body: str | bytes, status: str = "200 OK") -> Behaviour:
    """An answer with exactly these header lines; `ID` in the body is the request's."""

    async def behave(server: Hostile, seen: Seen, writer: Writer) -> None:
        raw = body.encode() if isinstance(body, str) else body
        raw = raw.replace(b"ID", json.dumps(seen.message.get("id")).encode())
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", *head]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + raw)

    return behave


def streamed(*pieces: str | bytes, kind: str = SSE) -> Behaviour:
    """An event stream in these pieces; `ID` is the request's id, `ANSWER` the event with its answer."""

    async def behave(server: Hostile, seen: Seen, writer: Writer) -> None:
        name = json.dumps(seen.message.get("id")).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        for piece in pieces:
            raw = piece.encode() if isinstance(piece, str) else piece
            raw = raw.replace(b"ANSWER", event(answer(seen, OK))).replace(b"ID", name)
            writer.write(b"%x\r\n%b\r\n" % (len(raw), raw))
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write(b"0\r\n\r\n")

    return behave


def old(path: str, refusal: Behaviour | None = None, *, greeting: bytes = b"", as_text: bool = False) -> str:
    """A server of the oldest transport at `path`/sse. `refusal` answers the POST of a call; `greeting` comes before
    each answer; ids may come back as text."""

    async def open_stream(server: Hostile, seen: Seen, writer: Writer) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {SSE}\r\nSet-Cookie: node=old-{len(server.streams)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode())
        writer.write(b"event: endpoint\ndata: %s/messages?session=%d\n\n" % (path.encode(), len(server.streams)))
        await writer.drain()
        server.streams.append(writer)
        await asyncio.sleep(3600)

    async def post(server: Hostile, seen: Seen, writer: Writer) -> None:
        number = int(seen.path.partition("=")[2])
        method = seen.message.get("method", "")
        if refusal is not None and method == "tools/call":
            await refusal(server, seen, writer)
            return
        if number >= len(server.streams) or server.streams[number].is_closing() or str(number) in server.sessions:
            reply(writer, b"Could not find session", 404, PLAIN)
            return
        reply(writer, b"", 202)
        if "id" in seen.message:
            found = json.dumps({**HELLO, "protocolVersion": "2024-11-05"}) if method == "initialize" else OK
            raw = answer(seen, found)
            if as_text:
                raw = raw.replace(b'"id":%d,' % seen.message["id"], b'"id":"%d",' % seen.message["id"])
            server.streams[number].write(greeting + event(raw))

    behaving(f"{path}/sse", only("GET", open_stream))
    behaving(f"{path}/messages", only("POST", post))
    return f"{path}/sse"
