"""What is left of a total deadline, and how fast a server may talk."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import UpstreamTimeout


class Clock:
    __slots__ = ("_ends_at", "_seconds", "_time")

    def __init__(self, seconds: float) -> None:
        self._time = asyncio.get_running_loop().time
        self._seconds = seconds
        self._ends_at = self._time() + seconds

    def extend(self, seconds: float) -> None:
        """For time that doesn't count."""
        self._ends_at += seconds

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While somebody else is waited for."""
        began = self._time()
        try:
            yield
        finally:
            self.extend(self._time() - began)

    def ends_in(self) -> float:
        """Seconds, 0 at the end."""
        return max(self._ends_at - self._time(), 0.0)

    def within(self, seconds: float) -> "Clock":
        """For something on the way: so long at most, and not longer than this one. Raises UpstreamTimeout."""
        return Clock(min(self.left(), seconds))

    def left(self) -> float:
        """Seconds, more than 0. Raises UpstreamTimeout."""
        left = self._ends_at - self._time()
        if left <= 0:
            raise UpstreamTimeout(f"The server didn't finish its answer within {self._seconds:.3g} seconds.")
        return left


class Pace:
    """Lets a burst through, and then so many a second: a server that says more is read more slowly."""

    __slots__ = ("_burst", "_last", "_left", "_per_second", "_time")

    def __init__(self, burst: int, per_second: float) -> None:
        self._time = asyncio.get_running_loop().time
        self._burst, self._per_second = burst, per_second
        self._left, self._last = float(burst), self._time()

    async def keep(self) -> None:
        now = self._time()
        self._left = min(self._left + (now - self._last) * self._per_second, self._burst) - 1
        self._last = now
        if self._left < 0:
            await asyncio.sleep(-self._left / self._per_second)
