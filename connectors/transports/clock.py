"""What is left of a total deadline."""

import asyncio

from ..errors import UpstreamTimeout


class Clock:
    __slots__ = ("_ends_at", "_seconds", "_time")

    def __init__(self, seconds: float) -> None:
        self._time = asyncio.get_running_loop().time
        self._seconds = seconds
        self._ends_at = self._time() + seconds

    def left(self) -> float:
        """Seconds, more than 0. Raises UpstreamTimeout."""
        left = self._ends_at - self._time()
        if left <= 0:
            raise UpstreamTimeout(f"The server didn't finish its answer within {self._seconds:.3g} seconds.")
        return left
