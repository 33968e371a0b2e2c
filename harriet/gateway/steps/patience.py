"""How long a client's request may be held for a person's decision: no longer than the client waits for its answer.

MCP has no member that says how long that is. A client, or the proxy before it, may say so in a header; one that asks
for progress is told at once and goes on waiting; of any other MCP client it is only known that agent frameworks have
some that give up after five seconds, and a client that gave up never hears of the ticket. A request without a session
or a name is a script's, whose HTTP library is more patient than any of these settings.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

from harriet.gateway.steps.notifications import progress_message
from harriet.gateway.steps.request import Call

SHORT = 4.0
"""Seconds, for MCP clients that say nothing and ask for no progress."""
TELL_EVERY = 5.0
"""Seconds between two signs of life to a client that waits."""
_STEP = 0.001
"""Progress of a wait: small, so that whatever the server then says is more."""
_ENVOY = b"x-envoy-expected-rq-timeout-ms"
_WAIT = re.compile(rb"(?:^|[,;])[ \t]*wait[ \t]*=[ \t]*\"?(\d{1,6})\"?[ \t]*(?=[,;]|$)", re.IGNORECASE)
_MARGIN = 1.0
"""Seconds for the answer's way, or a quarter of what the client waits, if that is less."""


def patience_told(headers: Mapping[bytes, bytes], prefer: bytes) -> float | None:
    """The seconds that the client waits for its answer, less the answer's way: `Prefer: wait=…` (RFC 7240), or the
    time-out that an Envoy before Harriet keeps to. None when nothing is said. `prefer` holds all lines of it."""
    seconds = None
    if prefer and (wait := _WAIT.search(prefer)) is not None:
        seconds = float(wait[1])
    elif _ENVOY in headers and headers[_ENVOY].isdigit() and len(headers[_ENVOY]) < 10:
        seconds = int(headers[_ENVOY]) / 1000 or None  # zero is Envoy's word for no time-out
    return None if seconds is None else max(seconds - min(_MARGIN, seconds / 4), 0.0)


def seconds_to_hold(call: Call, most: float) -> float:
    """`most` is the organization's setting."""
    patience = _patience_of(call)
    return most if patience is None else min(most, patience)


def seconds_left(call: Call) -> float | None:
    """Until its client gives up; None when nothing says that it does."""
    patience = _patience_of(call)
    return None if patience is None else call.began + patience - monotonic()


def _patience_of(call: Call) -> float | None:
    if call.patience is not None:
        return call.patience
    return None if hears_progress(call) or not call.is_introduced else SHORT


def hears_progress(call: Call) -> bool:
    return "progressToken" in call.meta and call.stream.may_stream


class Teller:
    """Tells a client that waits what it waits for: at once, and then every few seconds."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._told = 0
        self._at = -TELL_EVERY

    async def say(self, message: str) -> None:
        """Not oftener than clients need it; without a progress token as a sign of life alone."""
        if monotonic() - self._at < TELL_EVERY * 0.9:
            return
        self._told, self._at = self._told + 1, monotonic()
        if "progressToken" not in self._call.meta:
            await self._call.stream.keep_alive()
            return
        token = self._call.meta["progressToken"]
        params: dict[str, Any] = {"progressToken": token, "progress": self._told * _STEP, "message": message}
        await self._call.stream.notify(progress_message(params))

    @asynccontextmanager
    async def going_on(self, message: str) -> AsyncIterator[None]:
        """Says it again and again while the block runs."""
        task = asyncio.create_task(self._go_on(message))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _go_on(self, message: str) -> None:
        while True:
            await asyncio.sleep(TELL_EVERY)
            await self.say(message)
