"""Sets of characters as ranges of code points: what ECMA-262's escapes stand for, and how an engine is told a set."""

from __future__ import annotations

import re
from itertools import chain

Chars = tuple[tuple[int, int], ...]
"""Ranges, in order and apart."""

LAST = 0x10FFFF
HIGH, LOW = (0xD800, 0xDBFF), (0xDC00, 0xDFFF)
"""The halves of surrogate pairs. No text holds one alone, so in a set they say nothing."""
_FIRST_ASTRAL = 0x10000
ANY: Chars = ((0, LAST),)
_PAIR = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ")


def only(code_point: int) -> Chars:
    """The set of one character."""
    return ((code_point, code_point),)


def union(*sets: Chars) -> Chars:
    """Of any number of sets, in order and apart."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(chain.from_iterable(sets)):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def complement(chars: Chars) -> Chars:
    """All characters that aren't in it."""
    found, start = [], 0
    for first, last in chars:
        if first > start:
            found.append((start, first - 1))
        start = last + 1
    if start <= LAST:
        found.append((start, LAST))
    return tuple(found)


def written(chars: Chars) -> str:
    """The set as both engines read it."""
    inside = listed(chars)
    return f"[{inside}]" if inside else r"[^\x{0}-\x{10FFFF}]"


def listed(chars: Chars) -> str:
    """What stands between the brackets; halves of pairs don't."""
    whole = complement(union(complement(chars), (HIGH, LOW)))
    return "".join(_range(first, last) for first, last in whole)


def pairs(highs: Chars, lows: Chars) -> Chars:
    """The characters that UTF-16 writes as one of these halves and one of those."""
    if lows == (LOW,):
        return tuple((_astral(first, LOW[0]), _astral(last, LOW[1])) for first, last in highs)
    every = (high for first, last in highs for high in range(first, last + 1))
    return union(*(tuple((_astral(high, first), _astral(high, last)) for first, last in lows) for high in every))


def _range(first: int, last: int) -> str:
    return _character(first) if first == last else f"{_character(first)}-{_character(last)}"


def _character(code_point: int) -> str:
    character = chr(code_point)
    return character if character in _PLAIN else f"\\x{{{code_point:X}}}"


def joined_pairs(pattern: str) -> str:
    """With each escaped surrogate pair as the character that it means."""
    if "\\u" not in pattern:
        return pattern
    return _PAIR.sub(lambda found: f"\\u{{{_astral(int(found[1], 16), int(found[2], 16)):x}}}", pattern)


def _astral(high: int, low: int) -> int:
    return _FIRST_ASTRAL + (high - HIGH[0]) * 0x400 + low - LOW[0]


DIGIT: Chars = ((48, 57),)
WORD: Chars = ((48, 57), (65, 90), (95, 95), (97, 122))
SPACE: Chars = (
    *((9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
    *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
NOT_NEWLINE = complement(((10, 10), (13, 13), (0x2028, 0x2029)))
ESCAPED_SETS = {
    "d": DIGIT,
    "D": complement(DIGIT),
    "w": WORD,
    "W": complement(WORD),
    "s": SPACE,
    "S": complement(SPACE),
}
