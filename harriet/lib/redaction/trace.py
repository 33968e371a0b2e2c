"""Where something found in a text as it reads stands in the text as it is written."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from harriet.lib.redaction.spelling import STEPS, folded

MOST_EDITS = 50_000
"""A text with more escapes than this isn't traced: it costs too long."""
_WINDOW = 2048
"""Characters between two places whose fold is remembered."""


class TooManyEdits(Exception):
    """The text can't be traced in reasonable time."""


class Trace:
    """Of one text, a number of layers down (`spelling.layers`). Raises TooManyEdits."""

    __slots__ = ("_folds", "_steps", "text")

    def __init__(self, text: str, depth: int) -> None:
        self.text = text
        self._steps: list[_Step] = []
        self._folds: list[int] | None = None
        while len(self._steps) < depth:
            for step in STEPS:
                if step.sign in self.text and len(self._steps) < depth:
                    found = step.pattern.finditer(self.text)
                    self._apply([(one.start(), one.end(), step.plain(one)) for one in found])

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to `end` of the undone text come from."""
        last = end - 1
        for step in reversed(self._steps):
            start, last = step.first_of(start), step.last_of(last)
        return start, last + 1

    def origin_of_folded(self, start: int, end: int, head: str = "", tail: str = "") -> tuple[int, int]:
        """The same for places in what the undone text folds to; with `head` and `tail` when they are beside it."""
        low, high = self._unfolded(start), self._unfolded(end - 1) + 1
        if self.text.endswith(head, 0, low):
            low -= len(head)
        if self.text.startswith(tail, high):
            high += len(tail)
        return self.origin(low, high)

    def _apply(self, edits: list[tuple[int, int, str]]) -> None:
        if len(edits) > MOST_EDITS:
            raise TooManyEdits
        step, done = _Step(), 0
        pieces: list[str] = []
        for start, end, plain in edits:
            pieces += (self.text[done:start], plain)
            step.add(start, end, len(plain))
            done = end
        after = "".join((*pieces, self.text[done:]))
        if after != self.text:
            self.text = after
            self._steps.append(step)

    def _unfolded(self, place: int) -> int:
        """Window by window, and only in the right one character by character."""
        if self._folds is None:
            parts = range(0, len(self.text), _WINDOW)
            self._folds = [0, *accumulate(len(folded(self.text[at : at + _WINDOW])) for at in parts)]
        window = bisect_right(self._folds, place) - 1
        passed, start = self._folds[window], window * _WINDOW
        for index, shown in enumerate(self.text[start : start + _WINDOW]):
            passed += len(folded(shown)) if not shown.isascii() else shown.isalnum()
            if passed > place:
                return start + index
        return len(self.text) - 1


class _Step:
    """What one replacement did to the places of a text."""

    __slots__ = ("_before", "_made", "_shift")

    def __init__(self) -> None:
        self._made: list[tuple[int, int]] = []
        """Where each replacement begins and ends in the new text."""
        self._before: list[tuple[int, int]] = []
        """What it replaced in the old one."""
        self._shift = 0

    def add(self, start: int, end: int, length: int) -> None:
        begun = start - self._shift
        self._made.append((begun, begun + length))
        self._before.append((start, end))
        self._shift += end - start - length

    def first_of(self, place: int) -> int:
        index, is_inside = self._edit_at(place)
        return self._before[index][0] if is_inside else self._moved(place, index)

    def last_of(self, place: int) -> int:
        index, is_inside = self._edit_at(place)
        return self._before[index][1] - 1 if is_inside else self._moved(place, index)

    def _edit_at(self, place: int) -> tuple[int, bool]:
        index = bisect_right(self._made, (place, float("inf"))) - 1
        return index, index >= 0 and place < self._made[index][1]

    def _moved(self, place: int, index: int) -> int:
        return place if index < 0 else place - self._made[index][1] + self._before[index][1]
