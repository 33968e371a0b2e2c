"""JSON that has one meaning: strict parsing of what came in, and canonical bytes (RFC 8785) of what is bound.

RFC 8785 knows the numbers that a double holds. Whole numbers beyond ±(2^53 - 1), as 64-bit servers send them, are
written with all their digits: no two of them share a form, and whatever RFC 8785 covers keeps its own.
"""

import hashlib
import json
import math
import re
from typing import Any, NoReturn

import orjson
import rfc8785

from harriet.lib.errors import Problem
from harriet.lib.text import excerpt

# A string, to its end or to the end of the text; possessive, so that it takes linear time on anything.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = b"[]{}"
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
# Half of a surrogate pair, escaped. Only a text that has one needs the walk over all strings.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class NotRepresentable(Problem):
    """The JSON has no single meaning, or none that can be written down exactly."""


def is_deeper_than(raw: bytes, levels: int) -> bool:
    """True when arrays and objects nest deeper than `levels`, or when the brackets don't match.

    Runs before any parser: a recursive one can be crashed by depth alone. Peels one level a round, at C speed.
    """
    if raw.count(b"[") + raw.count(b"{") <= levels:
        return False
    shape = _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS)
    for _ in range(levels):
        if not shape:
            return False
        shape = shape.replace(b"[]", b"").replace(b"{}", b"")
    return bool(shape)


def parse_strict(raw: bytes, *, max_depth: int = 64) -> Any:
    """Parses JSON, refusing whatever two parsers may read differently. Raises NotRepresentable."""
    if is_deeper_than(raw, max_depth):
        raise NotRepresentable(f"The JSON is nested deeper than {max_depth} levels, or its brackets don't match.")
    try:
        value = orjson.loads(raw)
        if orjson.dumps(value) == raw:
            return value  # written again byte for byte: nothing was dropped, rounded or spelled out
    except ValueError:
        pass  # for the sentence that says why
    try:
        value = _DECODER.decode(raw.decode())
        if _SURROGATE.search(raw):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise NotRepresentable(
            "The JSON has text that is not valid Unicode. Send UTF-8 without lone surrogates."
        ) from None
    except (ValueError, RecursionError):
        raise NotRepresentable("This is not valid JSON.") from None
    return value


def canonical_bytes(value: Any) -> bytes:
    """The one byte form of a JSON value. Raises NotRepresentable."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.IntegerDomainError:
        pass  # most values have no such number, and the library is the reference
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError):
        raise NotRepresentable("The value can't be written as canonical JSON.") from None
    try:
        return _with_all_digits(value)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError):
        raise NotRepresentable("The value can't be written as canonical JSON.") from None


def is_beyond_doubles(number: int | float) -> bool:
    """Whether most JSON parsers would read infinity, or can't read it at all."""
    try:
        return not math.isfinite(number)
    except OverflowError:
        return True


def _with_all_digits(value: Any) -> bytes:
    if isinstance(value, int) and not isinstance(value, bool):
        if is_beyond_doubles(value):
            raise NotRepresentable("A number is too large to be represented.")
        return b"%d" % value
    if isinstance(value, list | tuple):
        return b"[" + b",".join(_with_all_digits(one) for one in value) + b"]"
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise NotRepresentable("The value can't be written as canonical JSON.")
        ordered = sorted(value.items(), key=lambda member: member[0].encode("utf-16be"))
        return b"{" + b",".join(rfc8785.dumps(name) + b":" + _with_all_digits(one) for name, one in ordered) + b"}"
    return rfc8785.dumps(value)


def digest(value: Any) -> bytes:
    """SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical_bytes(value)).digest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = first_twice(pairs)
        raise NotRepresentable(f"The name “{excerpt(twice, 60)}” appears twice in one object. Send each name once.")
    return found


def first_twice(pairs: list[tuple[str, Any]]) -> str:
    """The first name that comes again, in one walk: an object may have hundreds of thousands of names."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotRepresentable("A number is too large to be represented.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise NotRepresentable(f"{name} is not a JSON number.")


# json.loads with these would make a decoder for every text.
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
