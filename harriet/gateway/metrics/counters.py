"""The numbers behind /metrics: counted in plain Python, in one process."""

from __future__ import annotations

from bisect import bisect_right
from math import inf

from harriet.gateway.steps.stopwatch import STAGES

WHOLE = "whole"
"""What all stages took together."""
BOUNDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0),
)
"""Upper ends of the buckets in seconds. One more bucket holds what took longer."""
AT_ONCE = 256
"""Calls whose times are sorted together."""


class CallCounts:
    """What happened in this process since it was last shared."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._times: list[list[float]] = []
        self._calls: dict[tuple[str, str, str], int] = {}
        self._buckets = [[0] * (len(BOUNDS) + 1) for _ in (*STAGES, WHOLE)]
        self._seconds = [0.0] * (len(STAGES) + 1)

    def add(self, organization: str, connector: str, outcome: str) -> None:
        """The labels are slugs that admins chose and words of ours, so there are only so many."""
        key = (organization, connector, outcome)
        self._calls[key] = self._calls.get(key, 0) + 1

    def add_times(self, spent: list[float]) -> None:
        """The seconds in each stage; zero means that the call didn't come to it."""
        self._times.append(spent)
        if len(self._times) >= AT_ONCE:
            self._sort_times()

    def _sort_times(self) -> None:
        """Into their buckets; many at once are sorted three times as fast as each by itself."""
        times, self._times = self._times, []
        for stage, seconds in enumerate((*zip(*times, strict=True), map(sum, times))):
            ordered = sorted(filter(None, seconds))
            self._seconds[stage] += sum(ordered)
            below = 0
            for bucket, bound in enumerate((*BOUNDS, inf)):
                up_to = bisect_right(ordered, bound)
                self._buckets[stage][bucket] += up_to - below
                below = up_to

    def taken(self) -> dict[str, int]:
        """What was counted, as fields of the shared sums; from here on it counts from zero."""
        if self._times:
            self._sort_times()
        fields = {f"calls|{'|'.join(key)}": number for key, number in self._calls.items()}
        for stage, name in enumerate((*STAGES, WHOLE)):
            for bucket, number in enumerate(self._buckets[stage]):
                if number:
                    fields[f"stage|{name}|{bucket}"] = number
            if micros := round(self._seconds[stage] * 1e6):
                fields[f"stage|{name}|micros"] = micros
        self._clear()
        return fields
