"""Takes known secrets out of answers, however they are written. What counts as the same is in docs/redaction.md."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import AnyStr

from harriet.lib.redaction.needles import SHORT, Needle, needles_of
from harriet.lib.redaction.passages import REPLACEMENT, Passage, is_fraction, passages_near, rewritten, streams
from harriet.lib.redaction.spelling import folded, layers, quick_layers, skeleton, unquoted
from harriet.lib.secret import Secret

__all__ = ["REPLACEMENT", "Redactor"]
_ACCIDENTAL = 12
"""Digits alone and encodings, put together from several neighbouring values, are a secret from this length on."""
_CUT = "…"
_LEAST_CUT = 5
"""Characters of a secret before a cut, from which on they are taken out."""
_CAREFUL = 2000
"""So many times in one message, the exact place of a secret is worked out. After that its whole string goes."""


class Redactor:
    """Built once per credential version. A search that finds nothing is a few passes at the speed of C.

    A hint that a secret may be there is worked out string by string, so that everything else keeps its bytes.
    """

    __slots__ = ("_exact", "_hints", "_needles", "_quoted", "_whole")

    def __init__(self, secrets: Iterable[Secret]) -> None:
        values = {secret.reveal() for secret in secrets} - {""}
        self._whole = frozenset(value for value in values if len(value) < SHORT or is_fraction(value))
        self._quoted = tuple(f'"{value}"' for value in self._whole)
        found = [needles_of(value) for value in sorted(values) if len(value) >= SHORT]
        self._needles = _shortest({needle for one in found for needle in one.folded})
        self._exact = tuple(text for one in found for text in one.exact)
        self._hints = _fewest({hint for one in found for hint in one.hints})

    def in_json(self, raw: bytes) -> tuple[bytes, int]:
        """The JSON without the secrets, still valid, and how many were found."""
        if not self._may_be_in_json(raw):
            return raw, 0
        passages: list[Passage] = []
        for near in passages_near(raw, self._may_be_in_json):
            self._mark(near, _CAREFUL - sum(len(passage.marks) for passage in passages))
            passages += [passage for passage in near if passage.marks]
        found = sum(len(passage.marks) for passage in passages)
        return (rewritten(raw, passages), found) if found else (raw, 0)

    def in_text(self, text: str) -> tuple[str, int]:
        """The text without the secrets, and how many were found."""
        if text in self._whole:
            return REPLACEMENT, 1
        passage = Passage(text)
        if self._may_be_in(text):
            self._mark([passage], _CAREFUL)
        if _CUT in text:
            self._mark_cut(passage)
        return (passage.cleaned(), len(passage.marks)) if passage.marks else (text, 0)

    def _may_be_in_json(self, raw: bytes) -> bool:
        return self._may_be_in(unquoted(raw.decode(errors="replace")))

    def _may_be_in(self, text: str) -> bool:
        # Plain loops: `any` with a generator costs as much again.
        for quoted in self._quoted:
            if quoted in text:
                return True
        for layer in quick_layers(text):
            letters = skeleton(layer)
            for hint in self._hints:
                if hint in letters:
                    return True
        if self._exact:
            return any(value in layer for layer in layers(text) for value in self._exact)
        return False

    def _mark(self, passages: list[Passage], budget: int) -> None:
        search = _Search(self._needles, self._exact, budget)
        for passage in passages:
            if passage.text in self._whole:
                passage.mark_whole()
        for stream, between in streams(passages):
            for depth in range(max(passage.depth for passage in stream)):
                search.mark_exact(stream, depth)
                search.mark_folded(stream, between, depth)
        for passage in passages:
            passage.settle()

    def _mark_cut(self, passage: Passage) -> None:
        """The beginning of a secret before the sign that says where an excerpt of ours was cut."""
        text = passage.text
        for end in (place for place in _places(text, _CUT) if place):
            before = folded(text[:end])
            for needle in self._needles:
                lengths = range(len(needle.letters), _LEAST_CUT - 1, -1)
                length = next((n for n in lengths if before.endswith(needle.letters[:n])), 0)
                if length:
                    passage.mark_folded(0, len(before) - length, len(before), needle)
        passage.settle()


class _Search:
    """Marks what is found in the passages of a message, at most so many times with care."""

    def __init__(self, needles: tuple[Needle, ...], exact: tuple[str, ...], budget: int) -> None:
        self._needles = needles
        self._exact = exact
        self._budget = budget

    def mark_exact(self, stream: list[Passage], depth: int) -> None:
        for value in self._exact:
            for passage in stream:
                for start in _places(passage.layer(depth), value):
                    if self._has_time(passage):
                        passage.mark(depth, start, start + len(value))

    def mark_folded(self, stream: list[Passage], between: bytes, depth: int) -> None:
        pieces = [folded(passage.layer(depth)) + between for passage in stream]
        whole, starts = b"".join(pieces), [0, *accumulate(map(len, pieces))]
        for needle in self._needles:
            for start in _places(whole, needle.letters):
                end = start + len(needle.letters)
                first, last = bisect_right(starts, start) - 1, bisect_right(starts, end - 1) - 1
                if first != last and _is_accidental(needle):
                    continue
                for index in range(first, last + 1):
                    origin, low, high = starts[index], max(start, starts[index]), min(end, starts[index + 1])
                    if low < high and self._has_time(stream[index]):
                        stream[index].mark_folded(depth, low - origin, high - origin, needle)

    def _has_time(self, passage: Passage) -> bool:
        self._budget -= 1
        if self._budget < 0:
            passage.mark_whole()
        return self._budget >= 0


def _places(text: AnyStr, part: AnyStr) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + len(part))


def _is_accidental(needle: Needle) -> bool:
    return len(needle.letters) < _ACCIDENTAL and (needle.letters.isdigit() or not needle.is_plain)


def _fewest(hints: set[bytes]) -> tuple[bytes, ...]:
    """Without hints that contain another: the other finds them too."""
    return tuple(sorted(hint for hint in hints if not any(other in hint for other in hints if other != hint)))


def _shortest(needles: set[Needle]) -> tuple[Needle, ...]:
    kept = set(_fewest({needle.letters for needle in needles}))
    return tuple(sorted((needle for needle in needles if needle.letters in kept), key=lambda one: one.letters))
