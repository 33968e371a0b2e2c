"""JSON as servers really write it, read to its end: what is wrong with one value stays to be seen in that value.

Half of a surrogate pair, and bytes that are no UTF-8, become surrogates in a text; a number that no double holds, NaN
and Infinity become a float that isn't finite; an object that names a member twice becomes `Ambiguous`; what nests too
deep ends at `DEEPEST`. Only JSON that can't be taken apart at all is refused.
"""

from __future__ import annotations

import json
import re
from typing import Any

from harriet.lib.json.canonical import NotRepresentable, first_twice, is_beyond_doubles, is_deeper_than, parse_strict

DEEPEST = 100
"""Beyond this level arrays and objects are emptied: whoever takes one entry allows fewer, and says so."""
_MOST_CUTS = 200_000
"""Strings and brackets of a text that nests too deep; beyond, it is refused."""
_LONGEST_NUMBER = 400
"""Digits; a longer one is read as a double, which mostly is infinity."""
_SHAPE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r]*+")
_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "�"


class Ambiguous(dict[str, Any]):
    """An object that names a member more than once; the last one is in it, `twice` is the first such name."""

    __slots__ = ("twice",)
    twice: str


def parse_leniently(raw: bytes) -> Any:
    """Raises NotRepresentable for what isn't JSON even by this measure."""
    try:
        return parse_strict(raw)
    except NotRepresentable:
        pass  # to see what of it is wrong
    try:
        return _DECODER.decode(_shallow(raw).decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        raise NotRepresentable("This is not valid JSON.") from None


def members_of(raw: bytes) -> dict[str, bytes]:
    """The members of one object, each as its own JSON. Raises NotRepresentable."""
    text = _shallow(raw).decode("utf-8", "surrogateescape")
    try:
        return {name: one.encode("utf-8", "surrogateescape") for name, one in _members(text)}
    except (ValueError, IndexError, RecursionError):
        raise NotRepresentable("This is not one JSON object.") from None


def with_whole_characters(text: str) -> str:
    """The text with U+FFFD for each half of a pair and each byte that was no UTF-8."""
    return _SURROGATE.sub(REPLACEMENT, text)


def has_halves(text: str) -> bool:
    """Whether half of a surrogate pair is in it, or a byte that was no UTF-8 (PEP 383)."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def plain(value: Any) -> Any:
    """The value with nothing wrong in it: characters replaced, numbers without a value null, the last of two names."""
    if isinstance(value, str):
        return with_whole_characters(value) if has_halves(value) else value
    if isinstance(value, dict):
        return {plain(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return None if isinstance(value, int | float) and is_beyond_doubles(value) else value


def _members(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = _after_space(text, 0)
    if text[at] != "{":
        raise ValueError
    while True:
        at = _after_space(text, at + 1)
        if text[at] == "}" and not found:
            break
        name, at = _DECODER.raw_decode(text, at)
        colon = _after_space(text, at)
        if text[colon] != ":" or not isinstance(name, str):
            raise ValueError
        start = _after_space(text, colon + 1)
        _, end = _DECODER.raw_decode(text, start)
        found.append((name, text[start:end]))
        at = _after_space(text, end)
        if text[at] == "}":
            break
        if text[at] != ",":
            raise ValueError
    if _after_space(text, at + 1) != len(text):
        raise ValueError
    return found


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _shallow(raw: bytes) -> bytes:
    """The JSON with what lies deeper than `DEEPEST` taken out. Raises NotRepresentable for very much of it."""
    if not is_deeper_than(raw, DEEPEST):
        return raw
    kept, level, start, cuts = [], 0, 0, 0
    for match in _SHAPE.finditer(raw):
        bracket, cuts = match[0], cuts + 1
        if cuts > _MOST_CUTS:
            raise NotRepresentable("The JSON has too many parts and nests too deep.")
        if bracket in b"[{":
            level += 1
            if level == DEEPEST + 1:
                kept.append(raw[start : match.end()])
        elif bracket in b"]}":
            if level == DEEPEST + 1:
                start = match.start()
            level -= 1
    return b"".join(kept) + raw[start:] if level == 0 else raw[:0]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    ambiguous = Ambiguous(found)
    ambiguous.twice = first_twice(pairs)
    return ambiguous


def _whole(text: str) -> int | float:
    """Python refuses very long numbers by itself, and takes its time with long ones."""
    return int(text) if len(text) <= _LONGEST_NUMBER else float(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole, strict=False)
