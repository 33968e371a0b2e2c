"""What was changed in a call, for people to compare: of long values the part that differs, and what is around it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import NamedTuple

from approvals.changes import Change
from harriet.lib.text import show_hidden

AROUND = 60
"""Characters before and after what differs."""
LONGEST = 10_000
"""Characters that are shown of one side."""


class Side(NamedTuple):
    before: str
    differs: str
    after: str


class Difference(NamedTuple):
    path: str
    was: Side | None
    """None when it was not there."""
    becomes: Side | None
    """None when it is there no longer."""


def differences_of(changes: Iterable[Change]) -> list[Difference]:
    return [_difference(change) for change in changes]


def _difference(change: Change) -> Difference:
    was, becomes = change.before, change.after
    same = _alike(was, becomes)
    rest = min(len(was), len(becomes)) - same
    tail = _alike(was[::-1][:rest], becomes[::-1][:rest])
    return Difference(
        show_hidden(change.path[:200]),
        _side(was, same, tail) if was else None,
        _side(becomes, same, tail) if becomes else None,
    )


def _alike(one: str, other: str) -> int:
    """Characters with which both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _side(text: str, same: int, tail: int) -> Side:
    end = len(text) - tail
    before, differs, after = text[:same], text[same:end], text[end:]
    return Side(
        show_hidden(before if len(before) <= AROUND else f"…{before[-AROUND:]}"),
        show_hidden(_cut(differs)),
        show_hidden(after if len(after) <= AROUND else f"{after[:AROUND]}…"),
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"
