"""How many connections each address has open at this web process, and how many have not yet said what they want.

Counted when a connection opens, says its first request and closes; a request costs nothing here.
"""

from __future__ import annotations

import logging
from collections import Counter
from time import monotonic

log = logging.getLogger(__name__)

CROWD = 100
"""Connections of one address without a request, beyond which they are waited for less long."""
_TELL_EVERY = 60.0
"""Seconds between two lines in the log."""


class Doors:
    def __init__(self, most: int) -> None:
        self.most = most
        """Open connections of one address; 0 for any number."""
        self._open: Counter[str] = Counter()
        self._silent: Counter[str] = Counter()
        self._told_at = -_TELL_EVERY

    def enter(self, address: str) -> bool:
        """False when the address has as many as it may. Whatever is answered, `leave` is called once."""
        self._open[address] += 1
        self._silent[address] += 1
        is_welcome = not self.most or self._open[address] <= self.most
        if not is_welcome and monotonic() - self._told_at >= _TELL_EVERY:
            self._told_at = monotonic()
            log.warning("%s has %d connections open, as many as one address may; more are refused.", address, self.most)
        return is_welcome

    def spoke(self, address: str) -> None:
        _less(self._silent, address)

    def leave(self, address: str, *, has_spoken: bool) -> None:
        _less(self._open, address)
        if not has_spoken:
            _less(self._silent, address)

    def is_crowded(self, address: str) -> bool:
        return self._silent[address] > CROWD


def _less(counts: Counter[str], address: str) -> None:
    counts[address] -= 1
    if counts[address] <= 0:
        del counts[address]
