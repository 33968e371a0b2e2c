"""Patterns of ECMA-262, as JSON Schema has them, written anew for the engines that check them here.

A pattern comes from a server, so nothing may depend on its good will: it becomes a pattern with the same meaning whose
cost is known beforehand, or none. What is written uses sets of characters and little else, so that both engines (the
linear one, and the one with look-around, whose steps are counted) read it alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from harriet.lib.schemas.charsets import (
    ANY,
    ESCAPED_SETS,
    HIGH,
    LOW,
    NOT_NEWLINE,
    Chars,
    complement,
    joined_pairs,
    listed,
    only,
    pairs,
    union,
    written,
)

HEAVIEST = 20_000
"""The most that a pattern may weigh: about the number of states that an engine makes of it."""
_MANY = 100
"""Repetitions beyond this are counted as lengths where they can be."""
_DEEPEST = 40
_LONGEST = 10_000
_MOST_PAIRS = 20_000
_PROPERTY = 400
"""What a property such as \\p{L} weighs: it is a table of hundreds of ranges."""
_ESCAPES = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
_HEX = frozenset("0123456789abcdefABCDEF")


class Uncheckable(Exception):
    """Not a pattern that can be checked here. The text says why, for the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a pattern says: the text to match, empty when anything does, and how long the text must be."""

    text: str
    weight: int
    needs_look_around: bool
    shortest: int = 0
    longest: int | None = None


class _Piece(NamedTuple):
    """A part that was written anew."""

    text: str
    weight: int
    chars: Chars | None = None
    """Which character it is, where it is one of a known set."""
    unit: str = ""
    """What is repeated, where it matches exactly one character; else empty."""
    least: int = 1
    most: int | None = 1
    """How often it is repeated; None for any number of times."""


def translated(pattern: str, *, counts: bool = True) -> Pattern:
    """Raises Uncheckable. Without `counts`, for names of properties, a length can't be asked for beside the text."""
    if len(pattern) > _LONGEST:
        raise Uncheckable(f"it is longer than {_LONGEST:,} characters")
    return _Reader(pattern).read(counts=counts)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = joined_pairs(pattern)
        self._at = 0
        self._depth = 0
        self._groups: list[str] = []
        self._references = 0
        self._looks = False

    def read(self, *, counts: bool) -> Pattern:
        alternatives = self._alternatives()
        if self._at < len(self._pattern):
            raise Uncheckable("its brackets don't match")
        if self._references > len(self._groups):
            raise Uncheckable("it refers to a group that isn't there")
        is_alone = counts and len(alternatives) == 1 and not self._looks
        if is_alone and (counted := _as_length(alternatives[0])) is not None:
            return counted
        whole = _choice(alternatives)
        if whole.weight > HEAVIEST:
            raise Uncheckable("it repeats too much for a check whose cost is bounded")
        return Pattern(whole.text, whole.weight, self._looks)

    def _alternatives(self) -> list[list[_Piece]]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Uncheckable("its groups are nested too deeply")
        found = [self._sequence()]
        while self._takes("|"):
            found.append(self._sequence())
        self._depth -= 1
        return found

    def _sequence(self) -> list[_Piece]:
        pieces: list[_Piece] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            piece = self._quantified(self._piece())
            if not (pieces and _join_surrogates(pieces, piece)):
                pieces.append(piece)
        return pieces

    def _piece(self) -> _Piece:
        character = self._next()
        if character in "^$":
            return _Piece(character, 0)
        if character == "(":
            return self._group()
        if character == "[":
            return self._set()
        if character == "\\":
            return self._escape()
        if character == ".":
            return _one(NOT_NEWLINE)
        if character in "*+?":
            raise Uncheckable("it repeats nothing")
        return _one(only(ord(character)))

    def _group(self) -> _Piece:
        self._at -= 1
        for look in _LOOKS:
            if self._takes(look):
                self._looks = True
                return self._closed(look)
        if self._takes("(?:"):
            return self._closed("(?:")
        if self._takes("(?<") or self._takes("(?P<"):
            self._groups.append(self._until(">"))
            return self._closed("(")
        if self._takes("(?"):
            return self._with_flags()
        self._takes("(")
        self._groups.append("")
        return self._closed("(")

    def _with_flags(self) -> _Piece:
        """(?i:…), of ECMA-262 since 2025; and (?i) at the beginning, as Python writes it."""
        start = self._at
        while self._at < len(self._pattern) and self._pattern[self._at] in "ims-":
            self._at += 1
        flags = self._pattern[start : self._at]
        if flags and self._takes(":"):
            return self._closed(f"(?{flags}:")._replace(chars=None, unit="")
        if flags and "-" not in flags and start == 2 and self._takes(")"):
            return _Piece(f"(?{flags})", 0)
        raise Uncheckable("it has a group of an unknown kind")

    def _closed(self, opening: str) -> _Piece:
        inside = _choice(self._alternatives())
        if not self._takes(")"):
            raise Uncheckable("its brackets don't match")
        text = f"{opening}{inside.text})"
        if opening in _LOOKS or not inside.unit:
            return _Piece(text, inside.weight)
        return _Piece(text, inside.weight, inside.chars, text)

    def _escape(self) -> _Piece:
        character = self._next()
        if character in ESCAPED_SETS:
            return _one(ESCAPED_SETS[character])
        if character in "bB":
            return _Piece(f"(?-u:\\{character})", 1)
        if character in "123456789":
            return self._reference(character)
        if character == "k" and self._takes("<"):
            return self._named_reference(self._until(">"))
        if character in "pP":
            return _property(self._property(character))
        return _one(only(self._code_point(character)))

    def _reference(self, digit: str) -> _Piece:
        while self._at < len(self._pattern) and self._pattern[self._at] in "0123456789":
            digit += self._next()
        self._looks, self._references = True, max(self._references, int(digit[:4]))
        return _Piece(f"(?:\\{int(digit[:4])})", 1)

    def _named_reference(self, name: str) -> _Piece:
        if name not in self._groups:
            raise Uncheckable("it refers to a group that isn't there")
        self._looks = True
        return _Piece(f"(?:\\{self._groups.index(name) + 1})", 1)

    def _property(self, kind: str) -> str:
        if not self._takes("{"):
            raise Uncheckable(f"\\{kind} names no property")
        return f"\\{kind}{{{self._until('}')}}}"

    def _code_point(self, character: str) -> int:
        """Of an escape, whose first character was read."""
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character == "0":
            return 0
        if character == "c" and self._at < len(self._pattern) and self._pattern[self._at].isalpha():
            return ord(self._next()) % 32
        if character == "x":
            return self._hexadecimal(2)
        if character == "u":
            return int(self._until("}"), 16) if self._takes("{") else self._hexadecimal(4)
        if character.isalnum():
            raise Uncheckable(f"\\{character} has no meaning in ECMA-262")
        return ord(character)

    def _hexadecimal(self, digits: int) -> int:
        text = self._pattern[self._at : self._at + digits]
        if len(text) != digits or not _HEX.issuperset(text):
            raise Uncheckable("it has an escape without its digits")
        self._at += digits
        return int(text, 16)

    def _set(self) -> _Piece:
        is_negated = self._takes("^")
        items: list[Chars] = []
        properties = ""
        while not self._takes("]"):
            character = self._next()
            if character == "\\" and self._at < len(self._pattern) and self._pattern[self._at] in "pP":
                properties += self._property(self._next())
            else:
                items.append(self._item(character))
        chars = union(*items)
        if properties:
            return _property(f"[{'^' if is_negated else ''}{listed(chars)}{properties}]")
        return _one(complement(chars) if is_negated else chars)

    def _item(self, character: str) -> Chars:
        """A character, a range, or an escaped set, inside of […]."""
        first = self._member(character)
        if isinstance(first, tuple) or not self._is_range():
            return first if isinstance(first, tuple) else only(first)
        self._at += 1
        last = self._member(self._next())
        if isinstance(last, tuple):
            return union(only(first), only(ord("-")), last)
        if last < first:
            raise Uncheckable("it has a range that goes backwards")
        return ((first, last),)

    def _is_range(self) -> bool:
        following = self._pattern[self._at : self._at + 2]
        return len(following) == 2 and following[0] == "-" and following[1] != "]"

    def _member(self, character: str) -> int | Chars:
        if character != "\\":
            return ord(character)
        escaped = self._next()
        if escaped in ESCAPED_SETS:
            return ESCAPED_SETS[escaped]
        return 8 if escaped == "b" else self._code_point(escaped)

    def _quantified(self, piece: _Piece) -> _Piece:
        least, most = self._quantifier()
        if (least, most) == (1, 1):
            return piece
        if not piece.weight:
            raise Uncheckable("it repeats nothing")
        if self._at < len(self._pattern) and (self._pattern[self._at] in "*+?" or self._quantifier() != (1, 1)):
            raise Uncheckable("it repeats a repetition")
        counted = f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"
        weight = min(piece.weight * max(least + 1 if most is None else most, 1), HEAVIEST * 2)
        return _Piece(f"{piece.text}{counted}", weight, piece.chars, piece.unit, least, most)

    def _quantifier(self) -> tuple[int, int | None]:
        """How often, from what stands here. Whether it is lazy says nothing about whether it matches."""
        least, most = 1, 1
        found: tuple[int, int | None] = (least, most)
        for sign, meant in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._takes(sign):
                found = meant
                self._takes("?")
                return found
        if self._at < len(self._pattern) and self._pattern[self._at] == "{":
            return self._counts()
        return found

    def _counts(self) -> tuple[int, int | None]:
        end = self._pattern.find("}", self._at)
        least, comma, most = self._pattern[self._at + 1 : max(end, self._at + 1)].partition(",")
        if not _is_count(least) or (most and not _is_count(most)):
            return 1, 1  # a brace that is only a brace
        self._at = end + 1
        self._takes("?")
        if not comma:
            return int(least), int(least)
        if most and int(most) < int(least):
            raise Uncheckable("it has a repetition that goes backwards")
        return int(least), int(most) if most else None

    def _takes(self, text: str) -> bool:
        if not self._pattern.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _next(self) -> str:
        if self._at >= len(self._pattern):
            raise Uncheckable("it ends in the middle")
        self._at += 1
        return self._pattern[self._at - 1]

    def _until(self, end: str) -> str:
        at = self._pattern.find(end, self._at)
        found = self._pattern[self._at : at]
        if at < 0 or not found or not all(one.isalnum() or one in "_$=" for one in found):
            raise Uncheckable("it has a name that doesn't end")
        self._at = at + 1
        return found


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def _one(chars: Chars) -> _Piece:
    text = written(chars)
    return _Piece(text, 1 if chars and chars[-1][1] < 128 else 10, chars, text)


def _property(text: str) -> _Piece:
    return _Piece(text, _PROPERTY, None, text)


def _choice(alternatives: list[list[_Piece]]) -> _Piece:
    text = "|".join("".join(piece.text for piece in sequence) for sequence in alternatives)
    weight = sum(piece.weight for sequence in alternatives for piece in sequence) + len(alternatives) - 1
    if not all(len(sequence) == 1 and _is_single(sequence[0]) for sequence in alternatives):
        return _Piece(text, weight)
    sets = [sequence[0].chars for sequence in alternatives]
    chars = union(*(one or () for one in sets)) if None not in sets else None
    return _Piece(text, weight, chars, text)


def _is_single(piece: _Piece) -> bool:
    return bool(piece.unit) and piece.least == piece.most == 1


def _as_length(sequence: list[_Piece]) -> Pattern | None:
    """^[a-z]{1,65536}$ is ^[a-z]*$ with a length: no engine has to count."""
    if len(sequence) < 3 or sequence[0].text != "^" or sequence[-1].text != "$":
        return None
    inner = sequence[1:-1]
    free = inner[0] if len(inner) == 1 else _the_varying_one(inner)
    if free is None or not all(piece.unit for piece in inner) or not _is_worth_it(free):
        return None
    text = "".join(f"{piece.unit}*" if piece is free else piece.text for piece in inner)
    weight = sum(piece.weight for piece in inner if piece is not free) + (10 if free.chars else _PROPERTY)
    shortest = sum(piece.least for piece in inner)
    longest = None if free.most is None else sum(piece.most or 0 for piece in inner)
    if len(inner) == 1 and free.chars == ANY:
        return Pattern("", 0, False, shortest, longest)
    return Pattern(f"^{text}$", weight, False, shortest, longest) if weight <= HEAVIEST else None


def _the_varying_one(pieces: list[_Piece]) -> _Piece | None:
    varying = [piece for piece in pieces if piece.least != piece.most]
    return varying[0] if len(varying) == 1 else None


def _is_worth_it(piece: _Piece) -> bool:
    return piece.chars == ANY or max(piece.least, piece.most or 0) > _MANY or piece.weight > HEAVIEST


def _join_surrogates(pieces: list[_Piece], low: _Piece) -> bool:
    """Half a pair and its other half, as sets: [\\ud83c-\\ud83e][\\udc00-\\udfff] is a set of characters."""
    high = pieces[-1]
    if not (high.chars and low.chars and _is_single(high)):
        return False
    if not (_within(high.chars, HIGH) and _within(low.chars, LOW)):
        return False
    if not _is_single(low):
        raise Uncheckable("it repeats half of a character")
    if len(low.chars) * sum(last - first + 1 for first, last in high.chars) > _MOST_PAIRS:
        raise Uncheckable("it has too many pairs of surrogates")
    pieces[-1] = _one(pairs(high.chars, low.chars))
    return True


def _within(chars: Chars, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= chars[0][0] and chars[-1][1] <= bounds[1]
