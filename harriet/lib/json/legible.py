"""JSON that strict parsers refuse for one bad string or number, made JSON that every parser takes."""

from __future__ import annotations

import re
from collections.abc import Callable

_REPLACED = b"\\ufffd"
# A string, to its end or to the end of the text, or a number that JSON doesn't have; possessive: linear on anything.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|-?+(?:NaN|Infinity)', re.DOTALL)
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_CONTROL = re.compile(rb"[\x00-\x1f]")

TEXT = "The server sent text that is not Unicode; what can't be read in it was replaced."
NUMBER = "The server sent a number that JSON doesn't have; null stands in its place."


def made_legible(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The JSON with halves of surrogate pairs and bytes that are no UTF-8 replaced by U+FFFD, control characters
    escaped, and null for NaN and infinities; and a sentence for each kind of thing that was done. Everything else keeps
    its bytes. Only for what a parser has refused: it walks over every string."""
    notes: dict[str, None] = {}
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        raw.decode()
    except UnicodeDecodeError:
        raw = raw.decode(errors="replace").encode()
        notes[TEXT] = None
    return _TOKEN.sub(_reader(notes), raw), tuple(notes)


def _reader(notes: dict[str, None]) -> Callable[[re.Match[bytes]], bytes]:
    def read_escape(escape: re.Match[bytes]) -> bytes:
        if escape[1] is None:
            return escape[0]
        notes[TEXT] = None
        return _REPLACED

    def read(token: re.Match[bytes]) -> bytes:
        text = token[0]
        if text[:1] != b'"':
            notes[NUMBER] = None
            return b"null"
        if b"\\u" in text:
            text = _ESCAPE.sub(read_escape, text)
        if _CONTROL.search(text):
            notes[TEXT] = None
            text = _CONTROL.sub(lambda found: b"\\u%04x" % found[0][0], text)
        return text

    return read
