"""Parts of a pattern that were written anew: what each matches, what it weighs, and how parts become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from harriet.lib.schemas.charsets import ANY, HIGH, LOW, Chars, pairs, union, written

HEAVIEST = 20_000
"""The most that a pattern may weigh: about the number of states that an engine makes of it."""
_MANY = 100
"""Repetitions beyond this are counted as lengths where they can be."""
_MOST_PAIRS = 20_000
"""First halves of surrogate pairs times ranges of second halves."""
_PROPERTY = 400
"""What a property such as \\p{L} weighs: it is a table of hundreds of ranges."""


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


class Piece(NamedTuple):
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


def one_of(chars: Chars) -> Piece:
    """One character of a set."""
    text = written(chars)
    return Piece(text, 1 if chars and chars[-1][1] < 128 else 10, chars, text)


def of_property(text: str) -> Piece:
    """One character that has a property of Unicode; `text` is how that is written."""
    return Piece(text, _PROPERTY, None, text)


def choice(alternatives: list[list[Piece]]) -> Piece:
    """Any of several sequences; again one character where each of them is."""
    text = "|".join("".join(piece.text for piece in sequence) for sequence in alternatives)
    weight = sum(piece.weight for sequence in alternatives for piece in sequence) + len(alternatives) - 1
    if not all(len(sequence) == 1 and is_single(sequence[0]) for sequence in alternatives):
        return Piece(text, weight)
    sets = [sequence[0].chars for sequence in alternatives]
    chars = union(*(one or () for one in sets)) if None not in sets else None
    return Piece(text, weight, chars, text)


def is_single(piece: Piece) -> bool:
    """Whether it matches exactly one character."""
    return bool(piece.unit) and piece.least == piece.most == 1


def as_length(sequence: list[Piece]) -> Pattern | None:
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


def _the_varying_one(pieces: list[Piece]) -> Piece | None:
    varying = [piece for piece in pieces if piece.least != piece.most]
    return varying[0] if len(varying) == 1 else None


def _is_worth_it(piece: Piece) -> bool:
    return piece.chars == ANY or max(piece.least, piece.most or 0) > _MANY or piece.weight > HEAVIEST


def join_surrogates(pieces: list[Piece], low: Piece) -> bool:
    """Half a pair and its other half, as sets: [\\ud83c-\\ud83e][\\udc00-\\udfff] is a set of characters."""
    high = pieces[-1]
    if not (high.chars and low.chars and is_single(high)):
        return False
    if not (_within(high.chars, HIGH) and _within(low.chars, LOW)):
        return False
    if not is_single(low):
        raise Uncheckable("it repeats half of a character")
    if len(low.chars) * sum(last - first + 1 for first, last in high.chars) > _MOST_PAIRS:
        raise Uncheckable("it has too many pairs of surrogates")
    pieces[-1] = one_of(pairs(high.chars, low.chars))
    return True


def _within(chars: Chars, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= chars[0][0] and chars[-1][1] <= bounds[1]
