"""How long one call spends in each stage of its way."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Span

STAGES = ("authorize", "gate", "audit", "vault", "upstream", "clean")
AUTHORIZE, GATE, AUDIT, VAULT, UPSTREAM, CLEAN = range(len(STAGES))
"""Places in `STAGES`, and in what a stopwatch measured."""


class Stopwatch:
    """How long one call spent in each stage. The time in which people are waited for is nobody's."""

    __slots__ = ("began", "last", "span", "spent")

    def __init__(self) -> None:
        self.began = self.last = perf_counter()
        """Seconds of the performance counter."""
        self.spent = [0.0] * len(STAGES)
        """Seconds in each stage; zero in those that the call didn't come to."""
        self.span: Span | None = None
        """What tells traces of the call, where there are traces."""

    def lap(self, stage: int) -> None:
        """What passed since the last lap was spent in this stage."""
        now = perf_counter()
        self.spent[stage] += now - self.last
        self.last = now

    def skip(self) -> None:
        self.last = perf_counter()
