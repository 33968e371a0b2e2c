"""Our web worker with less patience, and an application that answers in parts."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from django.conf import settings

from harriet.start.web_worker import BoundedProtocol, WebWorker

PATIENCE = 1.5
PAUSE = 1.0


class HastyProtocol(BoundedProtocol):
    arrival_seconds = head_seconds = PATIENCE


class HastyWorker(WebWorker):
    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {**WebWorker.CONFIG_KWARGS, "http": HastyProtocol}


class NarrowWorker(WebWorker):
    """Four connections for each address."""

    def init_process(self) -> None:
        settings.CONNECTIONS_PER_ADDRESS = 4
        super().init_process()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/echo":
        await echo(receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", scope["path"].encode())]})
    if scope["path"] == "/parts":
        await asyncio.sleep(PAUSE)
        await send({"type": "http.response.body", "body": b"first ", "more_body": True})
        await asyncio.sleep(PAUSE)
    await send({"type": "http.response.body", "body": b"last"})


async def echo(receive: Any, send: Any) -> None:
    body, message = b"", {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
