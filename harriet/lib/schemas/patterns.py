"""Patterns of ECMA-262, as JSON Schema has them, written anew for the engines that check them here.

A pattern comes from a server, so nothing may depend on its good will: it becomes a pattern with the same meaning whose
cost is known beforehand, or none. What is written uses sets of characters and little else, so that both engines (the
linear one, and the one with look-around, whose steps are counted) read it alike.
"""

from __future__ import annotations

from harriet.lib.schemas.charsets import ESCAPED_SETS, NOT_NEWLINE, Chars, complement, joined_pairs, listed, only, union
from harriet.lib.schemas.pattern_pieces import (
    HEAVIEST,
    Pattern,
    Piece,
    Uncheckable,
    as_length,
    choice,
    join_surrogates,
    of_property,
    one_of,
)

_DEEPEST = 40
"""Groups within groups."""
_LONGEST = 10_000
"""Characters."""
_ESCAPES = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
_HEX = frozenset("0123456789abcdefABCDEF")


def translated(pattern: str, *, counts: bool = True) -> Pattern:
    """Raises Uncheckable. Without `counts`, for names of properties, a length can't be asked for beside the text."""
    if len(pattern) > _LONGEST:
        raise Uncheckable(f"it is longer than {_LONGEST:,} characters")
    return _Reader(pattern).read(counts=counts)


class _Reader:
    """Reads one pattern from its beginning to its end. What can't be read raises Uncheckable."""

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
        if is_alone and (counted := as_length(alternatives[0])) is not None:
            return counted
        whole = choice(alternatives)
        if whole.weight > HEAVIEST:
            raise Uncheckable("it repeats too much for a check whose cost is bounded")
        return Pattern(whole.text, whole.weight, self._looks)

    def _alternatives(self) -> list[list[Piece]]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Uncheckable("its groups are nested too deeply")
        found = [self._sequence()]
        while self._takes("|"):
            found.append(self._sequence())
        self._depth -= 1
        return found

    def _sequence(self) -> list[Piece]:
        pieces: list[Piece] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            piece = self._quantified(self._piece())
            if not (pieces and join_surrogates(pieces, piece)):
                pieces.append(piece)
        return pieces

    def _piece(self) -> Piece:
        character = self._next()
        if character in "^$":
            return Piece(character, 0)
        if character == "(":
            return self._group()
        if character == "[":
            return self._set()
        if character == "\\":
            return self._escape()
        if character == ".":
            return one_of(NOT_NEWLINE)
        if character in "*+?":
            raise Uncheckable("it repeats nothing")
        return one_of(only(ord(character)))

    def _group(self) -> Piece:
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

    def _with_flags(self) -> Piece:
        """(?i:…), of ECMA-262 since 2025; and (?i) at the beginning, as Python writes it."""
        start = self._at
        while self._at < len(self._pattern) and self._pattern[self._at] in "ims-":
            self._at += 1
        flags = self._pattern[start : self._at]
        if flags and self._takes(":"):
            return self._closed(f"(?{flags}:")._replace(chars=None, unit="")
        if flags and "-" not in flags and start == 2 and self._takes(")"):
            return Piece(f"(?{flags})", 0)
        raise Uncheckable("it has a group of an unknown kind")

    def _closed(self, opening: str) -> Piece:
        inside = choice(self._alternatives())
        if not self._takes(")"):
            raise Uncheckable("its brackets don't match")
        text = f"{opening}{inside.text})"
        if opening in _LOOKS or not inside.unit:
            return Piece(text, inside.weight)
        return Piece(text, inside.weight, inside.chars, text)

    def _escape(self) -> Piece:
        character = self._next()
        if character in ESCAPED_SETS:
            return one_of(ESCAPED_SETS[character])
        if character in "bB":
            return Piece(f"(?-u:\\{character})", 1)
        if character in "123456789":
            return self._reference(character)
        if character == "k" and self._takes("<"):
            return self._named_reference(self._until(">"))
        if character in "pP":
            return of_property(self._property(character))
        return one_of(only(self._code_point(character)))

    def _reference(self, digit: str) -> Piece:
        while self._at < len(self._pattern) and self._pattern[self._at] in "0123456789":
            digit += self._next()
        self._looks, self._references = True, max(self._references, int(digit[:4]))
        return Piece(f"(?:\\{int(digit[:4])})", 1)

    def _named_reference(self, name: str) -> Piece:
        if name not in self._groups:
            raise Uncheckable("it refers to a group that isn't there")
        self._looks = True
        return Piece(f"(?:\\{self._groups.index(name) + 1})", 1)

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

    def _set(self) -> Piece:
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
            return of_property(f"[{'^' if is_negated else ''}{listed(chars)}{properties}]")
        return one_of(complement(chars) if is_negated else chars)

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

    def _quantified(self, piece: Piece) -> Piece:
        least, most = self._quantifier()
        if (least, most) == (1, 1):
            return piece
        if not piece.weight:
            raise Uncheckable("it repeats nothing")
        if self._at < len(self._pattern) and (self._pattern[self._at] in "*+?" or self._quantifier() != (1, 1)):
            raise Uncheckable("it repeats a repetition")
        counted = f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"
        weight = min(piece.weight * max(least + 1 if most is None else most, 1), HEAVIEST * 2)
        return Piece(f"{piece.text}{counted}", weight, piece.chars, piece.unit, least, most)

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
