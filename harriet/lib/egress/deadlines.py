"""Time limits on many tasks at once: one timer for all of them, where asyncio.timeout makes one for each."""

from __future__ import annotations

import asyncio

_GRAIN = 0.02
"""Seconds: by so much at most a limit is late."""


class Deadlines:
    """One per event loop. Its timer is set for the earliest limit, which seldom comes: most ends are moved ahead of it
    by the answers that arrive in time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits: dict[int, set[Limit]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = 0
        self.time = self._loop.time

    def add(self, limit: Limit) -> None:
        """From now on the limit is watched, until it expires or is removed."""
        limit.slot = slot = int(limit.ends_at / _GRAIN) + 1
        limits = self._limits.get(slot)
        if limits is None:
            self._limits[slot] = {limit}
        else:
            limits.add(limit)
        if self._timer is None or slot < self._wakes_at:
            self._wake_for(slot)

    def remove(self, limit: Limit) -> None:
        """Of a limit that is watched."""
        limits = self._limits[limit.slot]
        limits.discard(limit)
        if not limits:
            del self._limits[limit.slot]
        limit.slot = -1

    def _wake_for(self, slot: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = slot
        self._timer = self._loop.call_at(slot * _GRAIN, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now = self.time()
        for slot in [slot for slot in self._limits if slot * _GRAIN <= now]:
            for limit in self._limits.pop(slot):
                limit.expire()
        if self._limits:
            self._wake_for(min(self._limits))


class Limit:
    """On the current task, from now on until `has_passed` is asked: once, with what ended the work."""

    __slots__ = ("_before", "_deadlines", "_has_expired", "_task", "ends_at", "slot")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._deadlines, self._task = deadlines, task
        self._before = task.cancelling()
        self._has_expired = False
        self.ends_at = deadlines.time() + seconds
        deadlines.add(self)

    def move(self, ends_at: float) -> None:
        """Without effect once the limit is over."""
        if self.slot >= 0:
            self._deadlines.remove(self)
            self.ends_at = ends_at
            self._deadlines.add(self)

    def expire(self) -> None:
        """Cancels the work; called by the timer."""
        self.slot, self._has_expired = -1, True
        self._task.cancel()

    def has_passed(self, error: BaseException | None) -> bool:
        """Ends the limit; True when the cancellation that ended the work was the limit's and nobody else's."""
        if self.slot >= 0:
            self._deadlines.remove(self)
        if not self._has_expired:
            return False
        return self._task.uncancel() <= self._before and isinstance(error, asyncio.CancelledError)
