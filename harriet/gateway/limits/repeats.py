"""Calls that go round in circles: the same caller makes the same call with the same arguments again and again."""

from __future__ import annotations

import hashlib
from uuid import UUID

from harriet.gateway.limits.counts import Count, Counts, Key
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.request import Call

TOLD_FROM = 3
"""Times that a call was made, from which on the other processes are told of it: most calls never get there."""
MOST_CALLS = 20_000
"""That are remembered; those that came first are forgotten first."""

_Same = tuple[UUID, UUID, int]
"""The caller, the tool, and a hash of the arguments that holds within this process."""


class Repeats:
    """How many times the same call was made in the window that is open now."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._made: dict[_Same, tuple[int, int]] = {}
        """When the window began, and how many times since."""

    def made(self, call: Call, grant: Grant, start: int) -> int:
        """By this process and by the others, so far as they told."""
        same = _same(call, grant)
        begun, number = self._made.get(same, (start, 0))
        if begun != start or number < TOLD_FROM:
            return number if begun == start else 0
        count = self._shared(call, grant, start)
        return max(count.total if count is not None else 0, number)

    def add(self, call: Call, grant: Grant, start: int, seconds: int) -> None:
        same = _same(call, grant)
        begun, number = self._made.get(same, (start, 0))
        number = number + 1 if begun == start else 1
        if len(self._made) >= MOST_CALLS and same not in self._made:
            del self._made[next(iter(self._made))]
        self._made[same] = (start, number)
        if number >= TOLD_FROM:
            self._counts.add(_key(call, grant, seconds), start, number if number == TOLD_FROM else 1)

    def _shared(self, call: Call, grant: Grant, start: int) -> Count | None:
        return self._counts.window(_key(call, grant, call.snapshot.limits.seconds), start)


def _same(call: Call, grant: Grant) -> _Same:
    return call.principal.person.id, grant.tool.id, hash(call.arguments)


def _key(call: Call, grant: Grant, seconds: int) -> Key:
    digest = hashlib.blake2b(call.arguments, key=call.principal.person.id.bytes, digest_size=16).digest()
    return Key(grant.tool.id, digest, seconds)
