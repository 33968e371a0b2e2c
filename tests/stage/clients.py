"""Hand-made MCP clients, one per era, so that every header and byte is the test's own choice."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from itertools import count
from typing import Any

from tests.stage.processes import Answer, Process

MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "by hand", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Client:
    """Speaks to one profile with one token."""

    era = "legacy"

    def __init__(self, gateway: Process, token: str, path: str = "/mcp/acme/work") -> None:
        self.gateway, self.token, self.path = gateway, token, path
        self._ids = count(1)

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2025-11-25",
            "user-agent": "by-hand/1",
        }

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params or {}}

    def request(self, method: str, params: dict[str, Any] | None = None) -> Answer:
        message = self.message(method, params)
        return self.post(json.dumps(message).encode(), self.headers(message))

    def post(self, body: bytes, headers: dict[str, str] | list[tuple[str, str]]) -> Answer:
        return self.gateway.send("POST", self.path, body, headers)

    def call(self, name: str, arguments: dict[str, Any] | None = None, **meta: Any) -> Answer:
        params: dict[str, Any] = {"name": name, "arguments": arguments or {}}
        if meta:
            params["_meta"] = meta
        return self.request("tools/call", params)

    def until(self, wanted: int, seconds: float = 60) -> Client:
        """Waits for the gateway to have heard of a change that a test has just made."""
        end = time.monotonic() + seconds
        while (got := self.request("tools/list").status) != wanted:
            assert time.monotonic() < end, f"still {got}, not {wanted}"
            time.sleep(0.02)
        return self


class ModernClient(Client):
    era = "modern"

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        headers = super().headers(message)
        headers |= {"mcp-protocol-version": MODERN, "mcp-method": message["method"]}
        if "name" in message.get("params", {}):
            headers["mcp-name"] = message["params"]["name"]
        return headers

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        params = dict(params or {})
        params["_meta"] = {**deepcopy(META), **params.get("_meta", {})}
        return super().message(method, params)
