"""A small real MCP server (2025-06-18, JSON answers) whose tools and moods a test may change while it runs."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def tool(name: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"text": {"type": "string", "description": "What to say"}}}
    return {"name": name, "description": f"The tool {name}.", "inputSchema": schema, **more}


def prompt(name: str, **more: Any) -> dict[str, Any]:
    arguments = [{"name": "topic", "description": "What it is about", "required": True}, {"name": "tone"}]
    return {"name": name, "description": f"The prompt {name}.", "arguments": arguments, **more}


class Server:
    """`tools` is what it lists, and `prompts` unless None; `token`, when set, is the bearer token it demands; `seen`
    the headers it received, `paths` where."""

    def __init__(self) -> None:
        self.tools: list[Any] = [tool("list_contacts"), tool("send_mail"), tool("delete_all")]
        self.prompts: list[Any] | None = None
        self.has_resources = False
        self.token = ""
        self.is_broken = False
        self.seen: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/mcp"

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def capabilities(self) -> dict[str, Any]:
        """With an empty list of prompts it declares some and doesn't know the method."""
        prompts = {} if self.prompts is None else {"prompts": {}}
        return {"tools": {}, **prompts, **({"resources": {"subscribe": True}} if self.has_resources else {})}

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        method = message.get("method")
        if method == "initialize":
            info = {"name": "crm", "title": "CRM of Acme", "version": "1.2"}
            return {
                "result": {"protocolVersion": "2025-06-18", "capabilities": self.capabilities(), "serverInfo": info}
            }
        if method == "tools/list":
            return {"result": {"tools": self.tools}}
        if method == "prompts/list" and self.prompts:
            return {"result": {"prompts": self.prompts}}
        if method == "tools/call":
            return {"result": {"content": [{"type": "text", "text": json.dumps(message["params"]["arguments"])}]}}
        return {"error": {"code": -32601, "message": "Method not found"}}


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:  # noqa: C901  the library wants a class
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.seen.append(dict(self.headers.items()))
            server.paths.append(self.path)
            if server.is_broken:
                self._send(200, b"<html>Not MCP</html>", "text/html")
            elif server.token and self.headers.get("Authorization") != f"Bearer {server.token}":
                self._send(401, b"{}")
            else:
                self._answer(json.loads(body))

        def do_GET(self) -> None:
            self._send(405, b"{}")

        do_DELETE = do_GET

        def _answer(self, message: dict[str, Any]) -> None:
            if "id" not in message:
                self._send(202, b"")
                return
            self._send(200, json.dumps({"jsonrpc": "2.0", "id": message["id"], **server.answer(message)}).encode())

        def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
