"""The resources, three with an address and one by a template."""

from __future__ import annotations

import json

from mcp.shared.exceptions import MCPError

from tests.servers.conformance.content import PNG, Result

RESOURCES = {
    "test://static-text": ("Static text", "text/plain"),
    "test://static-binary": ("Static binary", "image/png"),
    "test://watched-resource": ("Watched", "text/plain"),
}


def resource(uri: str) -> Result:
    if uri == "test://static-binary":
        return {"contents": [{"uri": uri, "mimeType": "image/png", "blob": PNG}]}
    if uri == "test://static-text":
        content = "This is the content of the static text resource."
        return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": content}]}
    if uri == "test://watched-resource":
        return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": "Watched."}]}
    head, tail = "test://template/", "/data"
    if uri.startswith(head) and uri.endswith(tail):
        number = uri[len(head) : -len(tail)]
        data = {"id": number, "templateTest": True, "data": f"Data for ID: {number}"}
        return {"contents": [{"uri": uri, "mimeType": "application/json", "text": json.dumps(data)}]}
    raise MCPError(-32602, "There is no such resource.", {"uri": uri})
