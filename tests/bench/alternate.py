"""One session of a handshake-era client, used at several machines in turn."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

VERSION = "2025-11-25"


def call_in_turn(urls: list[str], token: str, times: int = 200) -> int:
    """Begins a session at the first machine and calls `echo` at each in turn; how many machines served it. Raises
    ValueError at the first answer that isn't the one to that call."""
    connections = [(HTTPConnection(urlsplit(url).hostname or "", urlsplit(url).port), url) for url in urls]
    hello = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
    began, _ = _post(*connections[0], token, {}, _message(0, "initialize", hello))
    session = {"Mcp-Session-Id": began.headers["Mcp-Session-Id"]}
    _post(*connections[0], token, session, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    for turn in range(1, times + 1):
        text = f"turn {turn}"
        call = _message(turn, "tools/call", {"name": "echo", "arguments": {"text": text}})
        response, answer = _post(*connections[turn % len(connections)], token, session, call)
        if response.status != 200 or answer["id"] != turn or answer["result"]["content"][0]["text"] != text:
            raise ValueError(f"wrong answer: {answer}")
    for connection, _ in connections:
        connection.close()
    return len(connections)


def _message(number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def _post(
    connection: HTTPConnection, url: str, token: str, session: dict[str, str], message: dict[str, Any]
) -> tuple[HTTPResponse, Any]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": VERSION,
        "Authorization": f"Bearer {token}",
        **session,
    }
    connection.request("POST", urlsplit(url).path, json.dumps(message), headers)
    response = connection.getresponse()
    body = response.read()
    return response, json.loads(body) if body else None
