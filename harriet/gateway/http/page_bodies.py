"""What Django's pages and API get to read: a body of bounded size, because Django keeps all of it before it looks."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from harriet.gateway.http.asgi import Message, Receive, Scope, Send
from harriet.gateway.http.exchange import announces_more_than

_TOO_LARGE = b"The request is larger than Harriet reads. Send less at once."


async def serve_pages(pages: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Passes a request on to the pages, and no body that is larger than one message may be."""
    most = settings.MCP_BODY_LIMIT
    if announces_more_than(dict(scope["headers"]), most):
        await _refuse(send)
        return
    size, has_begun = 0, False

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if size <= most else {"type": "http.disconnect"}

    async def noted(message: Message) -> None:
        nonlocal has_begun
        has_begun = True
        await send(message)

    await pages(scope, bounded, noted)
    if size > most and not has_begun:
        await _refuse(send)


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(_TOO_LARGE)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_LARGE})
