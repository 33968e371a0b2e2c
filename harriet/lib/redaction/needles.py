"""What is looked for of one secret: spellings that `spelling` doesn't undo, such as base64, as letters and digits."""

from __future__ import annotations

import json
import re
from base64 import b32encode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harriet.lib.redaction.spelling import folded, layers

SHORT = 4
"""Secrets below this length are looked for as whole strings only: they would hit by chance."""
_LOOSE = 8
"""From so many letters and digits on, case and everything between them is of no account."""
_FRAGMENT = 6
"""Encoded fragments below this length aren't looked for: they would hit by chance."""
_HALF = 4
"""Each half of a secret of so many letters is a hint, or the secret could be split in two beyond all hints. A short one
is in much that is none, which costs time and no more."""
_HINT = 64
"""Longer hints would only cost more to compare."""


@dataclass(frozen=True, slots=True)
class Needle:
    """One spelling to look for."""

    letters: bytes
    """Searched in folded text."""
    reach: int = 0
    """So many characters beside it hold bits of the secret too: those that base64 shares with its neighbours."""
    is_plain: bool = False
    """The secret as it reads, which may be split over neighbouring strings."""
    head: str = ""
    tail: str = ""
    """The signs with which it begins and ends. They needn't be there, and go too when they are."""


@dataclass(frozen=True, slots=True)
class Needles:
    """All that is to be looked for of one secret."""

    folded: tuple[Needle, ...]
    exact: tuple[str, ...]
    """Searched character by character: secrets that are mostly signs, or of another script."""
    hints: tuple[bytes, ...]
    """No needle is in a text whose skeleton holds none of these."""


def needles_of(value: str) -> Needles:
    """For a value of at least SHORT characters."""
    readings = list(dict.fromkeys((value, layers(value)[-1])))
    parts = {text: _parts(text) for text in readings}
    loose = [_plain(text) for text in readings if parts[text]]
    encoded = list(dict.fromkeys(_encoded(value)))
    hints = {part for one in parts.values() for part in one} | {needle.letters[:_HINT] for needle in encoded}
    hints |= {_backwards(text, parts[text]) for text in readings if parts[text]}
    backwards = [Needle(needle.letters[::-1]) for needle in loose]
    exact = {form for text in readings if not parts[text] for form in (text, text.replace(" ", "+"))}
    return Needles((*loose, *backwards, *encoded), tuple(sorted(exact)), tuple(sorted(hints)))


def _plain(text: str) -> Needle:
    counts = [bool(folded(shown)) for shown in text]
    head, tail = counts.index(True), counts[::-1].index(True)
    return Needle(folded(text), is_plain=True, head=text[:head], tail=text[len(text) - tail :])


def _parts(text: str) -> list[bytes]:
    """Of which at least one is whole wherever the text is, even when it is split in two. Empty when there is too little
    to go by: then it is looked for sign by sign."""
    # What isn't ASCII may or may not count in a skeleton, so no part goes across it.
    runs = [folded(run) for run in re.split(r"[^\x00-\x7f]+", text)]
    longest = max(runs, key=len)
    if len(longest) < _FRAGMENT or len(folded(text)) < _LOOSE:
        return []
    half = len(longest) // 2
    parts = [longest[:half], longest[half:]] if len(runs) == 1 and half >= _HALF else [longest]
    return [part[:_HINT] for part in parts]


def _backwards(text: str, parts: list[bytes]) -> bytes:
    return (folded(text) if text.isascii() else parts[0])[::-1][:_HINT]


def _encoded(value: str) -> Iterator[Needle]:
    for encoding in ENCODINGS.values():
        yield from encoding(value)


def _written(value: str) -> list[bytes]:
    """As it stands in JSON, in a form and in an address: what base64 and hex are often made of."""
    texts = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return [_bytes(text) for text in sorted(texts)]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _wide(value: str) -> bytes:
    """In UTF-16: the same in either order of bytes, without the first or last NUL."""
    return value.encode("utf-16-le", "surrogatepass").strip(b"\0")


def _hexadecimal(value: str) -> Iterator[Needle]:
    for raw in (*_written(value), _wide(value)):
        yield Needle(raw.hex().encode())


def _with_0x(value: str) -> Iterator[Needle]:
    yield Needle(b"".join(b"0x%02x" % byte for byte in _bytes(value)))


def _decimal(value: str) -> Iterator[Needle]:
    yield Needle(b"".join(b"%d" % byte for byte in _bytes(value)))


def _base64(value: str) -> Iterator[Needle]:
    """What base64 makes of the bytes in each of the three places they may take, less the characters it shares."""
    for raw in (*_written(value), _wide(value)):
        for phase, head in enumerate((0, 2, 3)):
            text = b64encode(b"\0" * phase + raw)
            tail = text.count(b"=")
            yield from _fragment(text[head : len(text) - tail - (1 if tail else 0)])


def _base32(value: str) -> Iterator[Needle]:
    raw = _bytes(value)
    for phase, head in enumerate((0, 2, 4, 5, 7)):
        text = b32encode(b"\0" * phase + raw).rstrip(b"=")
        shared = (phase + len(raw)) * 8 % 5 != 0
        yield from _fragment(text[head : len(text) - shared])


def _fragment(text: bytes) -> Iterator[Needle]:
    letters = folded(text.decode())
    if len(letters) >= _FRAGMENT:
        yield Needle(letters, reach=1)


ENCODINGS: dict[str, Callable[[str], Iterator[Needle]]] = {
    "base64": _base64,
    "base32": _base32,
    "hexadecimal": _hexadecimal,
    "`0x`": _with_0x,
    "bytes in decimal numbers": _decimal,
}
"""What a secret becomes, in the words of docs/redaction.md: each gives its letters and digits."""
