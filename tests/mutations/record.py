"""Writes recorded.json anew: what the reference server lists, answers and says of its own accord.

python -m tests.mutations.record
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import httpx2

from tests.clients.node import everything_server

FILE = Path(__file__).with_name("recorded.json")
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
CALLS: dict[str, dict[str, Any]] = {
    "echo": {"message": "hello"},
    "get-sum": {"a": 1, "b": 2},
    "get-tiny-image": {},
    "get-annotated-message": {"messageType": "success", "includeImage": True},
    "get-resource-links": {"count": 2},
    "get-resource-reference": {"resourceType": "Text", "resourceId": 1},
    "get-structured-content": {"location": "New York"},
    "trigger-long-running-operation": {"duration": 0.1, "steps": 2},
}

OTHERS: dict[str, tuple[dict[str, Any], ...]] = {
    "prompts/get": (
        {"name": "simple-prompt"},
        {"name": "args-prompt", "arguments": {"city": "Bern", "state": "BE"}},
        {"name": "resource-prompt", "arguments": {"resourceType": "Text", "resourceId": "1"}},
        {"name": "resource-prompt", "arguments": {"resourceType": "Blob", "resourceId": "1"}},
    ),
    "resources/read": (
        {"uri": "demo://resource/dynamic/text/1"},
        {"uri": "demo://resource/dynamic/blob/1"},
    ),
    "completion/complete": (
        {
            "ref": {"type": "ref/prompt", "name": "completable-prompt"},
            "argument": {"name": "department", "value": ""},
        },
    ),
}


class Session:
    """One session with the reference server, by hand: every byte it says is kept."""

    def __init__(self, url: str, http: httpx2.Client) -> None:
        self._url, self._http = url, http
        self._headers = {"accept": "application/json, text/event-stream"}
        client = {"name": "recorder", "version": "1"}
        answer = self.ask("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=client)[-1]
        self.capabilities = answer["result"]["capabilities"]
        self.ask("notifications/initialized")

    def ask(self, method: str, **params: Any) -> list[dict[str, Any]]:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if not method.startswith("notifications/"):
            message["id"] = 1
        said = self._http.post(self._url, json=message, headers=self._headers)
        if "mcp-session-id" in said.headers:
            self._headers["mcp-session-id"] = said.headers["mcp-session-id"]
        lines = said.text.splitlines()
        return [json.loads(line[5:]) for line in lines if line.startswith("data:") and line[5:].strip()]


def record() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, everything_server(Path(folder)) as server, httpx2.Client() as http:
        session = Session(server.url, http)
        found: dict[str, Any] = {"capabilities": session.capabilities, "results": {}, "notifications": []}
        for method in LISTS:
            found[method] = session.ask(method)[-1]["result"]
        for name, arguments in CALLS.items():
            *notifications, answer = session.ask(
                "tools/call", name=name, arguments=arguments, _meta={"progressToken": "token"}
            )
            found["results"][name] = answer["result"]
            found["notifications"] += notifications
        for method, wanted in OTHERS.items():
            found[method] = [session.ask(method, **params)[-1]["result"] for params in wanted]
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(record(), indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"{FILE}: {FILE.stat().st_size} bytes")
