"""The server that the suite expects behind scenarios of the tasks extension: tools that take a while, fail, or are
refused. Calls of the lasting ones wait for a person at Harriet, and are tasks to their clients.

    python -m tests.servers.lasting PORT
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError

LASTING = ("slow_compute", "failing_job", "protocol_error_job")
_TEXT = {"type": "string"}
_TOOLS = {
    "greet": {"name": _TEXT},
    "slow_compute": {"seconds": {"type": "number"}, "label": _TEXT},
    "failing_job": {},
    "protocol_error_job": {},
}


async def on_list_tools(ctx: Any, params: Any) -> Any:
    tools = [
        {"name": name, "description": f"{name}.", "inputSchema": {"type": "object", "properties": properties}}
        for name, properties in _TOOLS.items()
    ]
    return {"resultType": "complete", "ttlMs": 1000, "cacheScope": "private", "tools": tools}


async def on_call_tool(ctx: Any, params: Any) -> Any:
    arguments = params.arguments or {}
    if params.name == "protocol_error_job":
        raise MCPError(-32603, "The job came to an end that it has no words for.")
    if params.name == "slow_compute":
        await asyncio.sleep(arguments["seconds"])
    said = f"Hello, {arguments['name']}!" if params.name == "greet" else f"{params.name} is done."
    content = [{"type": "text", "text": said}]
    return {"resultType": "complete", "content": content, "isError": params.name == "failing_job"}


if __name__ == "__main__":
    server: Any = Server("lasting", version="1", on_list_tools=on_list_tools, on_call_tool=on_call_tool)
    app = server.streamable_http_app(stateless_http=True)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
