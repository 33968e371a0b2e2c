"""An HTTP server that misbehaves, one way per path; it writes down what it was sent."""

import asyncio
import contextlib
import gzip
import json
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from weakref import WeakSet

JSON = "application/json"
SSE = "text/event-stream"
ENDING: "WeakSet[asyncio.StreamWriter]" = WeakSet()
"""Connections that are closed after the answer."""


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict:
        return json.loads(self.body) if self.body else {}


@dataclass
class Hostile:
    """Runs in a thread of its own, on real sockets; `with Hostile() as server`."""

    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    closed_by_client: threading.Event = field(default_factory=threading.Event)
    sessions: set[str] = field(default_factory=set)
    streams: list[asyncio.StreamWriter] = field(default_factory=list)
    """Event streams that are kept open (tests/servers/talkative.py)."""
    pending: Seen | None = None
    tasks: list[asyncio.Future[None]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/", host: str = "") -> str:
        return f"{'https' if self.tls else 'http'}://{host or self.host}:{self.port}{path}"

    def of(self, method: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.message.get("method") == method]

    def __enter__(self) -> "Hostile":
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, self.host, 0, ssl=self.tls))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.01))  # connections are closed in the loop's next turn
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while seen := await _read_request(reader):
                self.seen.append(seen)
                behave = BEHAVIOURS.get(seen.path.partition("?")[0], fine)
                watch = asyncio.ensure_future(self._notice_close(reader))
                await behave(self, seen, writer)
                watch.cancel()
                await writer.drain()
                if writer in ENDING:
                    break
        with contextlib.suppress(Exception):
            writer.close()

    async def _notice_close(self, reader: asyncio.StreamReader) -> None:
        while not reader.at_eof() and reader.exception() is None:
            await asyncio.sleep(0.02)
        self.closed_by_client.set()


async def _read_request(reader: asyncio.StreamReader) -> Seen | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    return Seen(method, path, headers, body)


def reply(writer: asyncio.StreamWriter, body: bytes, status: int = 200, kind: str = JSON, *more: str) -> None:
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)


def stream(writer: asyncio.StreamWriter, *more: str) -> None:
    """The head of an event stream that lasts until the connection ends."""
    head = ["HTTP/1.1 200 OK", f"Content-Type: {SSE}", "Connection: close", *more]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n")
    ENDING.add(writer)


def answer(seen: Seen, result: str = '{"content":[],"resultType":"complete"}') -> bytes:
    return b'{"jsonrpc":"2.0","id":%s,"result":%s}' % (json.dumps(seen.message.get("id")).encode(), result.encode())


def event(raw: bytes) -> bytes:
    return b"event: message\ndata: " + raw + b"\n\n"


async def fine(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, answer(seen))


async def drip(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


async def drip_head(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.1)


async def drip_events(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    stream(writer)
    while True:
        writer.write(b": still here\n\n")
        await writer.drain()
        await asyncio.sleep(0.1)


async def hang(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def bomb(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, _bomb(), 200, JSON, "Content-Encoding: gzip")


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """200 kB that unpack to 200 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(b"a" * 1_000_000) for _ in range(200)] + [packer.flush()])


async def packed(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, gzip.compress(answer(seen)), 200, JSON, "Content-Encoding: gzip")


async def unknown_encoding(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, b"\x00\x01", 200, JSON, "Content-Encoding: br")


async def huge(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b"a" * 65536)
        await writer.drain()


async def huge_event(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    stream(writer)
    writer.write(b"data: ")
    while True:
        writer.write(b"a" * 65536)
        await writer.drain()


async def many_events(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    stream(writer)
    while True:
        writer.write(event(b'{"jsonrpc":"2.0","method":"notifications/message"}') * 500)
        await writer.drain()


async def deep(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, answer(seen, "[" * 100_000 + "]" * 100_000))


async def redirect(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, b"", 307, JSON, f"Location: http://127.0.0.1:{server.port}/secret-place")


async def wrong_id(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, b'{"jsonrpc":"2.0","id":"someone-else","result":{}}')


async def neither(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, b'{"jsonrpc":"2.0","id":%d}' % seen.message.get("id", 0))


async def batch(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, b"[" + answer(seen) + b"]")


async def broken_events(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    stream(writer)
    writer.write(b"data: {not json}\n\ndata: [1,2\n\n\x00\xff\xfe\n\n")


async def unfinished_events(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    stream(writer)
    writer.write(event(b'{"jsonrpc":"2.0","method":"notifications/progress","params":{}}'))
    writer.write(b"data: " + answer(seen)[:-4])


async def chatty_events(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Everything an event stream may hold before the answer, in odd pieces and with every line end."""
    stream(writer)
    text = b"\xef\xbb\xbf: hello\r\nid: 1\r\ndata\r\n\r\nretry: 10\r\n\r\n"
    text += (
        b'data: {"jsonrpc":"2.0",\ndata: "method":"notifications/progress","params":{"x":12345678901234567890.10}}\n\n'
    )
    text += b'event: message\rdata:{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{}}\r\r'
    text += event(b'{"jsonrpc":"2.0","id":"other","result":{}}') + event(
        answer(seen, '{"big":123456789012345678901234567890}')
    )
    for start in range(0, len(text), 7):
        writer.write(text[start : start + 7])
        await writer.drain()
        await asyncio.sleep(0)


async def cut_off(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
    ENDING.add(writer)


async def hang_up(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    ENDING.add(writer)


async def not_http(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    ENDING.add(writer)


def fixed(status: int, body: bytes, kind: str = JSON, *more: str) -> "Behaviour":
    async def behave(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
        reply(writer, body, status, kind, *more)

    return behave


def fixed_result(result: str) -> "Behaviour":
    async def behave(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
        reply(writer, answer(seen, result))

    return behave


def by_method(**behaviours: "Behaviour") -> "Behaviour":
    """A legacy server: initialize works, the rest as given."""

    async def behave(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
        method = seen.message.get("method", "response").replace("/", "_")
        await behaviours.get(method, legacy_manners)(server, seen, writer)

    return behave


def lists(*tools: dict, **more: object) -> "Behaviour":
    """A modern server whose every page of tools is this one."""

    async def behave(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
        reply(writer, answer(seen, json.dumps({"tools": list(tools), **more})))

    return behave


async def legacy_manners(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    message = seen.message
    if message.get("method") == "server/discover":
        reply(writer, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"No session"}}', 400)
    elif message.get("method") == "initialize":
        name = f"session-{len(server.sessions) + 1}"
        server.sessions.add(name)
        result = {"protocolVersion": "2025-06-18", "serverInfo": {"name": "old"}, "capabilities": {"tools": {}}}
        reply(writer, answer(seen, json.dumps(result)), 200, JSON, f"Mcp-Session-Id: {name}")
    elif "id" not in message or "method" not in message:
        reply(writer, b"", 202)
    elif seen.headers.get("mcp-session-id") not in server.sessions:
        reply(writer, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}', 404)
    else:
        reply(writer, answer(seen))


async def _odd_session(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    reply(writer, answer(seen, '{"protocolVersion":"2025-06-18"}'), 200, JSON, "Mcp-Session-Id: two words")


async def _legacy_stream(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Asks the client something, waits for its answer, then answers."""
    stream(writer)
    writer.write(event(b'{"jsonrpc":"2.0","id":"q1","method":"sampling/createMessage","params":{}}'))
    await writer.drain()
    for _ in range(200):
        if any(other.message.get("id") == "q1" for other in server.seen):
            break
        await asyncio.sleep(0.02)
    writer.write(event(answer(seen)))


async def _legacy_forgets(server: Hostile, seen: Seen, writer: asyncio.StreamWriter) -> None:
    server.sessions.clear()
    await legacy_manners(server, seen, writer)


Behaviour = Callable[[Hostile, Seen, asyncio.StreamWriter], Awaitable[None]]

BEHAVIOURS: dict[str, Behaviour] = {
    "/fine": fine,
    "/drip": drip,
    "/drip-head": drip_head,
    "/drip-events": drip_events,
    "/hang": hang,
    "/bomb": bomb,
    "/packed": packed,
    "/unknown-encoding": unknown_encoding,
    "/huge": huge,
    "/huge-event": huge_event,
    "/many-events": many_events,
    "/deep": deep,
    "/redirect": redirect,
    "/wrong-id": wrong_id,
    "/neither": neither,
    "/batch": batch,
    "/broken-events": broken_events,
    "/unfinished-events": unfinished_events,
    "/chatty-events": chatty_events,
    "/cut-off": cut_off,
    "/hang-up": hang_up,
    "/not-http": not_http,
    "/401": fixed(401, b"", JSON, 'WWW-Authenticate: Bearer error="invalid_token"'),
    "/403": fixed(403, b"{}"),
    "/404": fixed(404, b"<h1>Not found</h1>", "text/html"),
    "/429": fixed(429, b"slow down", "text/plain", "Retry-After: 7"),
    "/500": fixed(500, b"oops", "text/plain"),
    "/503": fixed(503, b""),
    "/html": fixed(200, b"<!doctype html><h1>Sign in</h1>", "text/html"),
    "/not-json": fixed(200, b"{"),
    "/empty": fixed(200, b""),
    "/rpc-error": fixed(400, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"No such tool"}}'),
    "/list": lists(
        {"name": "a", "odd": [1.5], "inputSchema": {"properties": {"x": {"x-mcp-header": "no type"}}}}, {"name": "b"}
    ),
    "/listless": fixed_result('{"tools":5}'),
    "/legacy": by_method(),
    "/legacy-odd-session": by_method(initialize=_odd_session),
    "/legacy-asks": by_method(tools_call=_legacy_stream),
    "/legacy-hangs": by_method(tools_call=hang),
    "/legacy-forgets": by_method(tools_call=_legacy_forgets),
}
