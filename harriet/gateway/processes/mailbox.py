"""Messages between web processes: through Redis, sealed, to one process or to all. What is lost with Redis is only what
was on its way."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from harriet.gateway.processes.background import Background, LastingTask
from harriet.lib.sealed import NotSealedHere, Sealer

log = logging.getLogger(__name__)

Handler = Callable[[bytes], Awaitable[None]]

LARGEST = 20 * 2**20
"""Bytes of one message."""
SEALED = Sealer("harriet/gateway-post/v1")
"""Bound to the channel that they go through."""
_EVERYONE = "harriet:gateway:everyone"
_PATIENCE = 5.0
"""Seconds for Redis to take a message."""


class Mailbox:
    """This process's letter box. Sending to an address where nobody lives says so."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(8)
        self._handlers: dict[str, Handler] = {}
        self._redis: Redis | None = None
        self._task = LastingTask()
        self._at_work = Background()

    def start(self) -> None:
        self._task.start(self._run())

    async def stop(self) -> None:
        await self._task.stop()
        await self._at_work.stop()
        if self._redis is not None:
            await self._redis.aclose()

    def on(self, kind: str, handler: Handler) -> None:
        self._handlers[kind] = handler

    async def send(self, process: str, kind: str, body: bytes) -> bool:
        """False when nobody is at that address, or when Redis is away."""
        return await self._publish(_address(process), kind, body)

    async def broadcast(self, kind: str, body: bytes) -> None:
        await self._publish(_EVERYONE, kind, body)

    async def _publish(self, channel: str, kind: str, body: bytes) -> bool:
        if len(body) > LARGEST:
            return False
        letter = SEALED.seal(kind.encode() + b"\0" + body, channel.encode())
        try:
            async with asyncio.timeout(_PATIENCE):
                return bool(await self._client().publish(channel, letter))
        except (RedisError, OSError, TimeoutError) as problem:
            log.warning("A message to another web process was lost (%s).", type(problem).__name__)
            return False

    def _client(self) -> Redis:
        if self._redis is None:
            self._redis = Redis.from_url(settings.REDIS_URL)
        return self._redis

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as problem:
                log.warning("The gateway lost Redis (%s); connecting again.", type(problem).__name__)
            await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        async with self._client().pubsub() as box:
            await box.subscribe(_address(self.process), _EVERYONE)
            async for message in box.listen():
                if message["type"] == "message":
                    self._take(message["channel"], message["data"])

    def _take(self, channel: bytes, letter: bytes) -> None:
        try:
            plain = SEALED.open(letter, channel)
        except NotSealedHere:
            log.warning("A message came to the gateway that is not from Harriet; it was dropped.")
            return
        kind, _, body = plain.partition(b"\0")
        handler = self._handlers.get(kind.decode())
        if handler is not None:
            self._at_work.run(_handled(handler, body))


async def _handled(handler: Handler, body: bytes) -> None:
    try:
        await handler(body)
    except Exception:
        log.exception("A message between web processes could not be handled.")


def _address(process: str) -> str:
    return f"harriet:gateway:{process}"
