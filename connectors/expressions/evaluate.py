"""Whether a condition holds for a call: yes, no, or that nobody can tell, and why. Never an error, never slow."""

from __future__ import annotations

from typing import Any, NamedTuple

import cel

from connectors.errors import ConnectorError
from connectors.expressions.catalogue import ARGS
from connectors.expressions.reading import Path, Reading, read

MOST_BYTES = 262_144
MOST_UNITS = 10_000
"""Of arguments: their values, and one for each 64 bytes."""
MOST_COST = 400_000
"""Of a condition, in the same units: some hundredths of a second, in which nothing else runs."""
LONGEST_MATCHED = 4096
"""Characters of a text that is held against a regular expression."""

WRONG_TYPE = "an argument is of another type than it is compared with"
WRONG_RESULT = "it comes to something that is neither true nor false"


class Answer(NamedTuple):
    is_met: bool
    undecided: str = ""
    """Why nobody can tell: a part of a sentence. Then `is_met` says nothing."""


class Subject:
    """A call, made ready once for all conditions that are asked about it."""

    def __init__(self, arguments: Any, size: int, attributes: dict[str, Any]) -> None:
        self._arguments = arguments
        self._size = size
        self._attributes = attributes
        self._longest = max(
            (len(one) for group in attributes.values() for one in group.values() if isinstance(one, list)), default=0
        )
        self._units: int | None = None
        self._context: cel.Context | None = None

    def units(self) -> int:
        if self._units is None:
            self._units = self._size // 64 + _values_in(self._arguments, MOST_UNITS)
        return self._units

    def answer(self, expression: str) -> Answer:
        try:
            reading = read(expression)
        except ConnectorError:
            return Answer(False, "the condition can't be read any more")
        undecided = self._too_large(reading) or self._lacking(reading)
        return Answer(False, undecided) if undecided else self._evaluated(reading)

    def _too_large(self, reading: Reading) -> str:
        if (
            self._size > MOST_BYTES
            or self.units() > MOST_UNITS
            or reading.cost(self.units(), self._longest) > MOST_COST
        ):
            return "the arguments are too large for it"
        for path in reading.matched:
            text = _at(self._arguments, path)
            if isinstance(text, str) and len(text) > LONGEST_MATCHED:
                return f"{_written(path)} is too long for a regular expression"
        return ""

    def _lacking(self, reading: Reading) -> str:
        missing = [path for path in sorted(reading.needed) if _at(self._arguments, path) is _NOTHING]
        if missing:
            return f"{_written(missing[0])} is missing"
        return WRONG_TYPE if any(_differs(_at(self._arguments, path), kinds) for path, kinds in reading.kinds) else ""

    def _evaluated(self, reading: Reading) -> Answer:
        try:
            if self._context is None:
                self._context = cel.Context({ARGS: self._arguments, **self._attributes})
            result = reading.program.execute(self._context)
        except KeyError as problem:
            return Answer(False, f"“{str(problem.args[0])[:60]}” is missing")
        except TypeError:
            return Answer(False, WRONG_TYPE)
        except (ValueError, ArithmeticError, LookupError, RuntimeError):
            return Answer(False, "it can't be worked out for these arguments")
        if result is True or result is False:
            return Answer(result)
        return Answer(False, WRONG_RESULT)


_NOTHING = object()


def _at(value: Any, path: Path) -> Any:
    """What stands there; `_NOTHING` when something on the way is missing."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return _NOTHING
        value = value[name]
    return value


def _differs(value: Any, kinds: frozenset[str]) -> bool:
    return value is not _NOTHING and _KINDS.get(type(value), "") not in kinds


_KINDS: dict[type, str] = {str: "text", bool: "bool", int: "number", float: "number", type(None): "null"}


def _written(path: Path) -> str:
    return ".".join((ARGS, *path))[:80]


def _values_in(value: Any, most: int) -> int:
    """Counts what is in it, and stops beyond `most`."""
    count, open_values = 0, [value]
    while open_values and count <= most:
        found = open_values.pop()
        count += 1
        if isinstance(found, dict):
            count += len(found)
            open_values.extend(found.values())
        elif isinstance(found, list):
            open_values.extend(found)
    return count
