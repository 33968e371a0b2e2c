"""How fast somebody may talk: a burst is let through, and then so much a second."""

import asyncio


class Pace:
    """`burst` messages at once, then `per_second`: whoever says more is read more slowly. Of one event loop."""

    __slots__ = ("_burst", "_last", "_left", "_per_second", "_time")

    def __init__(self, burst: int, per_second: float) -> None:
        self._time = asyncio.get_running_loop().time
        self._burst, self._per_second = burst, per_second
        self._left, self._last = float(burst), self._time()

    async def keep(self) -> None:
        """Before each message."""
        now = self._time()
        self._left = min(self._left + (now - self._last) * self._per_second, self._burst) - 1
        self._last = now
        if self._left < 0:
            await asyncio.sleep(-self._left / self._per_second)
