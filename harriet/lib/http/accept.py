"""What a client says it takes (`Accept`, RFC 9110 §12.5.1): ranges with weights, the most specific one counts."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 4096
"""Characters of the header that are read; what comes after is not."""
_PART = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+"?)++')
"""Up to the next comma that is in no quoted text."""
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


class _Range(NamedTuple):
    type: str
    subtype: str
    weight: float


class Accept:
    """`lines` are the header's values, in order, joined with commas."""

    __slots__ = ("_ranges",)

    def __init__(self, lines: str) -> None:
        self._ranges = [found for part in _PART.findall(lines[:LONGEST]) if (found := _range(part)) is not None]

    @property
    def says_something(self) -> bool:
        """False when the header was missing, empty, or could not be read at all."""
        return bool(self._ranges)

    def takes(self, media_type: str) -> bool:
        """True for everything when nothing was said."""
        return self._weight(media_type) > 0 if self._ranges else True

    def _weight(self, media_type: str) -> float:
        kind, _, subtype = media_type.partition("/")
        for wanted in ((kind, subtype), (kind, "*"), ("*", "*")):
            weights = [found.weight for found in self._ranges if found[:2] == wanted]
            if weights:
                return max(weights)
        return 0.0


def _range(part: str) -> _Range | None:
    name, *parameters = part.split(";")
    kind, slash, subtype = name.strip().lower().partition("/")
    if not slash or not kind or not subtype:
        return None
    return _Range(kind, subtype, _weight_in(parameters))


def _weight_in(parameters: list[str]) -> float:
    """One that can't be read counts as not given."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q" and _WEIGHT.fullmatch(value.strip()):
            return float(value)
    return 1.0
