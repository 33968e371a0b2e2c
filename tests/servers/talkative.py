"""More ways of the server in hostile.py: it asks back, lets streams break off, and speaks the oldest transport."""

import asyncio
import json
from typing import Any

from tests.servers.hostile import (
    BEHAVIOURS,
    JSON,
    Hostile,
    Seen,
    answer,
    by_method,
    event,
    fine,
    fixed,
    hang,
    reply,
    stream,
)

Writer = asyncio.StreamWriter
FORM = {"message": "How many?", "requestedSchema": {"type": "object", "properties": {"n": {"type": "integer"}}}}


def message(method: str, params: Any = None, id: Any = None) -> bytes:
    fields = {"jsonrpc": "2.0", "method": method, "params": params or {}}
    return json.dumps(fields if id is None else {**fields, "id": id}).encode()


def numbered(name: str, raw: bytes = b"", retry: int = 20) -> bytes:
    """An event with an id; without data it only says where to go on."""
    return b"id: %s\nretry: %d\ndata: %s\n\n" % (name.encode(), retry, raw)


async def answer_to(server: Hostile, id: Any) -> dict[str, Any]:
    """What the client answered to a question."""
    for _ in range(6000):
        for seen in list(server.seen):
            if seen.message.get("id") == id and "method" not in seen.message:
                return seen.message
        await asyncio.sleep(0.01)
    return {}


def result(seen: Seen, said: Any) -> bytes:
    return answer(seen, json.dumps({"content": [], "said": said}))


async def ask_in_stream(server: Hostile, seen: Seen, writer: Writer) -> None:
    stream(writer)
    writer.write(event(message("ping", id="p1")))
    writer.write(event(message("elicitation/create", FORM, "q1")))
    writer.write(event(message("notifications/progress", {"progressToken": "t", "progress": 1})))
    await writer.drain()
    said = await answer_to(server, "q1")
    pong = await answer_to(server, "p1")
    writer.write(event(result(seen, [said.get("result") or said.get("error"), pong.get("result")])))


async def ask_and_hang(server: Hostile, seen: Seen, writer: Writer) -> None:
    stream(writer)
    writer.write(event(message("elicitation/create", FORM, "q1")))
    await writer.drain()
    await answer_to(server, "q1")
    await asyncio.sleep(3600)


async def take_back(server: Hostile, seen: Seen, writer: Writer) -> None:
    stream(writer)
    writer.write(event(message("elicitation/create", FORM, 7)))
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.write(event(message("notifications/cancelled", {"requestId": 7})))
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.write(event(result(seen, "done")))


async def ask_too_much(server: Hostile, seen: Seen, writer: Writer) -> None:
    stream(writer)
    for number in range(100):
        writer.write(event(message("elicitation/create", FORM, number)))
        await writer.drain()
    await asyncio.sleep(3600)


async def own_stream(server: Hostile, seen: Seen, writer: Writer) -> None:
    """The GET stream of a session."""
    stream(writer)
    writer.write(b": here\n\n")
    await writer.drain()
    server.streams.append(writer)
    await asyncio.sleep(3600)


async def ask_in_own_stream(server: Hostile, seen: Seen, writer: Writer) -> None:
    """Asks on the GET stream, and answers the call in JSON."""
    id = f"q{seen.message['id']}"
    server.streams[-1].write(event(message("elicitation/create", FORM, id)))
    await server.streams[-1].drain()
    said = await answer_to(server, id)
    reply(writer, result(seen, said.get("result") or said.get("error")))


async def prime(server: Hostile, seen: Seen, writer: Writer) -> None:
    """Says where to go on, and hangs up."""
    stream(writer)
    writer.write(numbered("first"))
    server.pending = seen


async def go_on(server: Hostile, seen: Seen, writer: Writer) -> None:
    """Hangs up once more, in the middle of an event; then answers."""
    last = seen.headers.get("last-event-id")
    if server.pending is None or last is None:
        reply(writer, b"", 405)
        return
    stream(writer)
    if last == "first":
        writer.write(numbered("second", message("notifications/message", {"level": "info", "data": "half"})))
        writer.write(b"data: {")
    else:
        writer.write(numbered("third", result(server.pending, last)))


async def never_end(server: Hostile, seen: Seen, writer: Writer) -> None:
    stream(writer)
    writer.write(numbered("again"))


async def no_streams(server: Hostile, seen: Seen, writer: Writer) -> None:
    reply(writer, b"", 405)


async def change_twice(server: Hostile, seen: Seen, writer: Writer) -> None:
    """A GET stream that brings one change and ends; the next one goes on."""
    stream(writer)
    if "last-event-id" not in seen.headers:
        writer.write(numbered("one", message("notifications/tools/list_changed")))
    else:
        writer.write(numbered("two", message("notifications/resources/updated", {"uri": "a://b"})))
        await writer.drain()
        await asyncio.sleep(3600)


async def listen(server: Hostile, seen: Seen, writer: Writer) -> None:
    """A modern server's subscriptions/listen; it ends gracefully after each change."""
    id = seen.message["id"]
    meta = {"_meta": {"io.modelcontextprotocol/subscriptionId": id}}
    stream(writer)
    writer.write(event(message("notifications/too-early", meta)))
    writer.write(event(message("notifications/subscriptions/acknowledged", {"notifications": {}, **meta})))
    writer.write(event(message("notifications/prompts/list_changed", meta)))
    writer.write(event(answer(seen, "{}")))


async def old_stream(server: Hostile, seen: Seen, writer: Writer) -> None:
    stream(writer)
    path = seen.path.replace("/sse", "/messages")
    writer.write(b"event: endpoint\ndata: %s?session=%d\n\n" % (path.encode(), len(server.streams)))
    await writer.drain()
    server.streams.append(writer)
    await asyncio.sleep(3600)


async def old_elsewhere(server: Hostile, seen: Seen, writer: Writer) -> None:
    stream(writer)
    writer.write(b"event: endpoint\ndata: http://127.0.0.1:1/messages\n\n")
    await writer.drain()
    await asyncio.sleep(3600)


async def old_post(server: Hostile, seen: Seen, writer: Writer) -> None:
    """Everything is answered on the stream of its session."""
    number = int(seen.path.partition("=")[2])
    if number >= len(server.streams) or server.streams[number].is_closing():
        reply(writer, b"", 404)
        return
    reply(writer, b"", 202)
    server.tasks.append(asyncio.ensure_future(_old_answer(server, seen, server.streams[number])))


async def _old_answer(server: Hostile, seen: Seen, out: Writer) -> None:
    """Beside the connection that brought the question, which may bring the next one."""
    for raw in await _old_answers(server, seen, out):
        out.write(event(raw))
    if not out.is_closing():
        await out.drain()


async def _old_answers(server: Hostile, seen: Seen, out: Writer) -> list[bytes]:
    method, params = seen.message.get("method"), seen.message.get("params", {})
    if method == "initialize":
        capabilities = {"tools": {}, "resources": {"subscribe": True}}
        found = {"protocolVersion": "2024-11-05", "serverInfo": {"name": "oldest"}, "capabilities": capabilities}
        return [answer(seen, json.dumps(found))]
    if method == "tools/list":
        return [answer(seen, '{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}')]
    if method == "resources/subscribe":
        return [answer(seen, "{}"), message("notifications/resources/updated", params)]
    if method == "tools/call" and params.get("name") == "ask":
        out.write(event(message("elicitation/create", FORM, "old-q")))
        await out.drain()
        return [result(seen, (await answer_to(server, "old-q")).get("result"))]
    if method == "tools/call" and params.get("name") == "hang":
        return []
    if method == "tools/call" and params.get("name") == "hang up":
        out.close()
        return []
    if method == "tools/call":
        return [
            message("notifications/progress", {"progressToken": "t", "progress": 1}),
            result(seen, params.get("arguments")),
        ]
    refusal = {"jsonrpc": "2.0", "id": seen.message.get("id"), "error": {"code": -32601, "message": "Unknown"}}
    return [json.dumps(refusal).encode()] if "id" in seen.message and method else []


def with_stream(get: Any, **behaviours: Any) -> Any:
    """A legacy server with this GET stream."""
    post = by_method(**behaviours)

    async def behave(server: Hostile, seen: Seen, writer: Writer) -> None:
        if seen.method == "DELETE":
            reply(writer, b"", 200, JSON)
            return
        await (get if seen.method == "GET" else post)(server, seen, writer)

    return behave


def only(method: str, behaviour: Any) -> Any:
    async def behave(server: Hostile, seen: Seen, writer: Writer) -> None:
        if seen.method != method:
            reply(writer, b"", 405, "text/plain")
            return
        await behaviour(server, seen, writer)

    return behave


async def modern_manners(server: Hostile, seen: Seen, writer: Writer) -> None:
    if seen.message.get("method") == "subscriptions/listen":
        await listen(server, seen, writer)
        return
    reply(writer, answer(seen))


async def list_one(server: Hostile, seen: Seen, writer: Writer) -> None:
    reply(writer, answer(seen, '{"tools":[{"name":"ask","inputSchema":{"type":"object"}}]}'))


async def offer_odd_tools(server: Hostile, seen: Seen, writer: Writer) -> None:
    """A modern server one of whose tools breaks the protocol."""
    odd = {"name": "odd", "inputSchema": {"properties": {"x": {"type": "object", "x-mcp-header": "X"}}}}
    found = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
    is_list = seen.message.get("method") == "tools/list"
    reply(writer, answer(seen, json.dumps({"tools": [odd, {"name": "even", "inputSchema": {}}]} if is_list else found)))


async def come_back(server: Hostile, seen: Seen, writer: Writer) -> None:
    if len(server.of("subscriptions/listen")) < 3:
        reply(writer, b"", 503)
        return
    await listen(server, seen, writer)


async def want_oauth(server: Hostile, seen: Seen, writer: Writer) -> None:
    where = server.url("/.well-known/oauth-protected-resource/wants-oauth")
    reply(writer, b"", 401, JSON, f'WWW-Authenticate: Bearer resource_metadata="{where}", scope="crm.read"')


TALKATIVE: dict[str, Any] = {
    "/asks": with_stream(no_streams, tools_call=ask_in_stream),
    "/asks-with-tool": with_stream(no_streams, tools_list=list_one, tools_call=ask_in_stream),
    "/asks-and-hangs": with_stream(no_streams, tools_call=ask_and_hang),
    "/takes-back": with_stream(no_streams, tools_call=take_back),
    "/asks-too-much": with_stream(no_streams, tools_call=ask_too_much),
    "/asks-elsewhere": with_stream(own_stream, tools_call=ask_in_own_stream),
    "/hangs-with-stream": with_stream(own_stream, tools_call=hang),
    "/breaks-off": with_stream(go_on, tools_call=prime),
    "/never-ends": with_stream(never_end, tools_call=prime),
    "/changes": with_stream(change_twice),
    "/no-streams": with_stream(no_streams),
    "/listens": modern_manners,
    "/odd-tools": offer_odd_tools,
    "/comes-back": come_back,
    "/wants-oauth": want_oauth,
    "/.well-known/oauth-protected-resource/wants-oauth": fixed(
        200, b'{"authorization_servers":["https://login.example"],"scopes_supported":["a","b"]}'
    ),
    "/old/sse": only("GET", old_stream),
    "/old/messages": only("POST", old_post),
    "/old-401": only("GET", fixed(401, b"", JSON, "WWW-Authenticate: Bearer")),
    "/late-stream": with_stream(hang, tools_call=fine),
    "/old-elsewhere": only("GET", old_elsewhere),
}
BEHAVIOURS.update(TALKATIVE)
