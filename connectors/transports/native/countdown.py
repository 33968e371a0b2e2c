"""What is left of the time that one request, with all that belongs to it, may take."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import UpstreamTimeout


class Countdown:
    """From a total deadline of so many seconds. Of one event loop."""

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

    def within(self, seconds: float) -> "Countdown":
        """For something on the way: so long at most, and not longer than this one. Raises UpstreamTimeout."""
        return Countdown(min(self.left(), seconds))

    def left(self) -> float:
        """Seconds, more than 0. Raises UpstreamTimeout."""
        left = self._ends_at - self._time()
        if left <= 0:
            raise UpstreamTimeout(f"The server didn't finish its answer within {self._seconds:.3g} seconds.")
        return left
