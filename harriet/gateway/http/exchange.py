"""One HTTP exchange with an MCP client: its headers, its body, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from django.conf import settings

from harriet.gateway.errors import HttpRefusal
from harriet.gateway.http.asgi import Receive, Scope
from harriet.gateway.http.reply import HttpReply


@dataclass(slots=True)
class HttpExchange:
    """A request and the way back."""

    scope: Scope
    headers: dict[bytes, bytes]
    receive: Receive
    reply: HttpReply

    def has_twice(self, *names: bytes) -> bool:
        """Whether one of these headers was sent more than once: first and last reader would disagree."""
        sent = [name for name, _ in self.scope["headers"] if name in names]
        return len(sent) != len(set(sent))

    @property
    def has_duplicates(self) -> bool:
        return len(self.headers) != len(self.scope["headers"])


def joined(scope: Scope, headers: Mapping[bytes, bytes], name: bytes) -> bytes:
    """A header that is a list, whichever way it was sent: on one line, or on several (RFC 9110 §5.3)."""
    if len(headers) == len(scope["headers"]):
        return headers.get(name, b"")
    return b", ".join(value for sent, value in scope["headers"] if sent == name)


def announces_more_than(headers: Mapping[bytes, bytes], limit: int) -> bool:
    """Whether the Content-Length is larger than `limit` bytes, or is no number."""
    announced = headers.get(b"content-length", b"0")
    return not announced.isdigit() or len(announced) > 18 or int(announced) > limit


async def read_body(exchange: HttpExchange) -> bytes:
    """Raises HttpRefusal 413 before more than the limit is kept, and 400 when the client went away."""
    limit = settings.MCP_BODY_LIMIT
    if announces_more_than(exchange.headers, limit):
        raise _too_large(limit)
    parts, size = [], 0
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            raise HttpRefusal(400, "The request ended early. Send it again.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> HttpRefusal:
    return HttpRefusal(413, f"The message is larger than {limit // 2**20} MiB.", (b"connection", b"close"))


def refusal_body(status: int, message: str) -> bytes:
    """A refusal in the shape of a JSON-RPC error, because that is what MCP clients show."""
    error = {"code": status, "message": message}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": None, "error": error})
