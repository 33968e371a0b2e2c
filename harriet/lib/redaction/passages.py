"""The strings and numbers of a JSON message, each with the parts of it that are to go, and the message without them."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable, Iterator

from harriet.lib.redaction.needles import Needle
from harriet.lib.redaction.spelling import layers
from harriet.lib.redaction.trace import TooManyEdits, Trace

REPLACEMENT = "[redacted]"
APART = b"\n"
"""Between names: it is in no needle, so that nothing is found across."""
_TOKEN = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")(\s*+:)?|-?[0-9][0-9.eE+-]*+', re.DOTALL)
_ENCODED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_BINARY = frozenset({"blob", "data"})
"""Members that the protocol says are base64: they have to stay so."""
_FRACTION = re.compile(r"-[0-9][0-9.eE+-]*|[0-9]+[.eE+-][0-9.eE+-]*")
_PART = 65536
"""What is looked at string by string: so many bytes around a hint, not the whole of a large message."""


class Passage:
    """One string or number, and its place in the message."""

    __slots__ = ("_layers", "_traces", "end", "is_alone", "is_encoded", "is_fraction", "key", "marks", "start", "text")

    def __init__(self, text: str, start: int = 0, end: int = 0, key: str = "") -> None:
        self.text = text
        self.start = start
        self.end = end
        self.key = key
        self.is_alone = False
        """A name: no part of anything longer."""
        self.is_fraction = False
        """A number that isn't whole: nothing is looked for within it."""
        self.marks: list[tuple[int, int]] = []
        """Which parts of the text go; in order and apart from each other once they are settled."""
        self.is_encoded = True
        """All of them are base64 or the like."""
        self._layers: list[str] | None = None
        self._traces: dict[int, Trace] = {}

    @property
    def depth(self) -> int:
        """How many layers there are (`layers`): the text as it is, and after each encoding that was undone."""
        if self._layers is None:
            self._layers = layers(self.text)
        return len(self._layers)

    def layer(self, depth: int) -> str:
        """The text with `depth` encodings undone; the last one, where there are fewer."""
        return self._layers[min(depth, len(self._layers) - 1)] if self._layers else self.text

    def mark(self, depth: int, start: int, end: int) -> None:
        """`start` and `end` count in the layer at `depth`."""
        self.is_encoded = False
        if trace := self._trace(depth):
            self.marks.append(trace.origin(start, end))

    def mark_folded(self, depth: int, start: int, end: int, needle: Needle) -> None:
        """`start` and `end` count in what the layer at `depth` folds to."""
        self.is_encoded = self.is_encoded and needle.reach > 0
        if trace := self._trace(depth):
            low, high = trace.origin_of_folded(start, end, needle.head, needle.tail)
            self.marks.append(self._stretched(low, high, needle.reach) if needle.reach else (low, high))

    def mark_whole(self) -> None:
        """All of it goes."""
        self.marks = [(0, len(self.text))]
        self.is_encoded = False

    def settle(self) -> None:
        """Brings the marks in order, and makes one of those that overlap."""
        settled: list[tuple[int, int]] = []
        for low, high in sorted(self.marks):
            if settled and low < settled[-1][1]:
                settled[-1] = (settled[-1][0], max(high, settled[-1][1]))
            else:
                settled.append((low, high))
        self.marks = settled

    def cleaned(self) -> str:
        """The text without what was marked. What the protocol says is base64 stays base64."""
        has_to_decode = self.key in _BINARY and self.is_encoded and _is_base64(self.text)
        pieces: list[str] = []
        done = 0
        for low, high in self.marks:
            pieces += (self.text[done:low], _blank(self.text[low:high]) if has_to_decode else REPLACEMENT)
            done = high
        return "".join((*pieces, self.text[done:]))

    def _trace(self, depth: int) -> Trace | None:
        """None when that would take too long: then all of it goes."""
        depth = min(depth, self.depth - 1)
        if depth not in self._traces:
            try:
                self._traces[depth] = Trace(self.text, depth)
            except TooManyEdits:
                self.mark_whole()
                return None
        return self._traces[depth]

    def _stretched(self, low: int, high: int, reach: int) -> tuple[int, int]:
        text = self.text
        least, most = max(low - reach, 0), min(high + reach, len(text))
        while low > least and text[low - 1] in _ENCODED:
            low -= 1
        while high < most and text[high] in _ENCODED:
            high += 1
        while high < len(text) and text[high] == "=":
            high += 1
        return low, high


def passages_near(raw: bytes, is_suspect: Callable[[bytes], bool]) -> Iterator[list[Passage]]:
    """Of the parts of a message that are suspect, and their neighbours."""
    parts = list(_parts(raw))
    suspects = [False, *(is_suspect(raw[start:end]) for start, end in parts), False]
    near: list[Passage] = []
    for index, (start, end) in enumerate(parts):
        if any(suspects[index : index + 3]):
            near += _passages(raw, start, end, near[-1].key if near else "")
        elif near:
            yield near
            near = []
    if near:
        yield near


def _parts(raw: bytes) -> Iterator[tuple[int, int]]:
    """Cut between strings."""
    start = 0
    if len(raw) > _PART:
        for found in _TOKEN.finditer(raw):
            if found.end() - start >= _PART:
                yield start, found.end()
                start = found.end()
    yield start, len(raw)


def _passages(raw: bytes, start: int, end: int, key: str) -> Iterator[Passage]:
    for found in _TOKEN.finditer(raw, start, end):
        token = found[1]
        if token is None:
            number = Passage(found[0].decode(), found.start(), found.end(), key)
            number.is_fraction = is_fraction(number.text)
            yield number
            continue
        try:
            text = json.loads(token, strict=False) if b"\\" in token else token[1:-1].decode()
        except ValueError:  # not a JSON string after all; whoever parses the answer will say so
            continue
        passage = Passage(text, found.start(1), found.end(1), key)
        if found[2] is not None:
            passage.is_alone = True
            key = text
        yield passage


def streams(passages: list[Passage]) -> Iterator[tuple[list[Passage], bytes]]:
    """What may make up one secret: the values of one name in their order, such as the `text` of content blocks.

    Each name is on its own, and a number that isn't whole is no more than it is. With each list, what stands between
    its passages.
    """
    alone: list[Passage] = []
    values: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        if not passage.is_fraction:
            (alone if passage.is_alone else values[passage.key]).append(passage)
    if alone:
        yield alone, APART
    for stream in values.values():
        yield stream, b""


def is_fraction(text: str) -> bool:
    """Whether a JSON number is negative, or has a fraction or an exponent."""
    return _FRACTION.fullmatch(text) is not None


def rewritten(raw: bytes, passages: list[Passage]) -> bytes:
    """Everything else keeps its bytes."""
    pieces: list[bytes] = []
    done = 0
    for passage in passages:
        if passage.marks:
            pieces += (raw[done : passage.start], _quoted(passage.cleaned()))
            done = passage.end
    return b"".join((*pieces, raw[done:]))


def _is_base64(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) > 0
    except ValueError:
        return False


def _blank(encoded: str) -> str:
    """Base64 of as many zero bytes, so that what is around them stays where it was."""
    return "A" * len(encoded.rstrip("=")) + "=" * encoded.count("=")


def _quoted(text: str) -> bytes:
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeError:
        return json.dumps(text).encode()
