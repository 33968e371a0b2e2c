"""A server built with the official Python SDK, run in a process of its own; it logs what each request carried.

    python -m tests.servers.sdk_server PORT LOG [--json] [--legacy]

`--json`: plain JSON answers instead of event streams. `--legacy`: doesn't know the 2026-07-28 revision. The log has a
JSON object a line: {"http": …} for requests, {"tool": …} for what the tools themselves noticed.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

MODERN = b"2026-07-28"
PORT, LOG, *FLAGS = sys.argv[1:] or ["0", "/dev/null"]
server = MCPServer("sdk-fixture", instructions="A server for tests.")


def log(**fields: Any) -> None:
    with Path(LOG).open("a") as file:
        file.write(json.dumps(fields) + "\n")


@server.tool()
def echo(text: str) -> str:
    """Sends the text back."""
    log(tool="echo", event=text)
    return text


@server.tool()
def look_up(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})], limit: int = 3
) -> dict[str, Any]:
    """Mirrors its region in a header."""
    return {"region": region, "limit": limit}


@server.tool(name="grüße an/alle")
def odd_name() -> str:
    return "hello"


@server.tool()
async def count(to: int, ctx: Context) -> str:
    """Reports progress on the way."""
    for number in range(to):
        await ctx.report_progress(number + 1, to, f"step {number + 1}")
    return "counted"


@server.tool()
async def wait(seconds: float) -> str:
    """Waits, and logs when it is told to stop."""
    log(tool="wait", event="started")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        log(tool="wait", event="cancelled")
        raise
    return "waited"


@server.tool()
def fail() -> str:
    raise ValueError("no luck")


class Logged:
    """Writes down each request, then passes it on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        log(http=scope["method"], headers=headers, query=scope["query_string"].decode())
        if "--legacy" in FLAGS and headers.get("mcp-protocol-version") == MODERN.decode():
            body = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Unsupported version"}}'
            await send(
                {"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"application/json")]}
            )
            return await send({"type": "http.response.body", "body": body})
        return await self.app(scope, receive, send)


if __name__ == "__main__":
    app = Logged(server.streamable_http_app(json_response="--json" in FLAGS))
    uvicorn.run(app, host="127.0.0.1", port=int(PORT), log_level="warning", access_log=False)
