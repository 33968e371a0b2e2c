"""Which addresses a URI template (RFC 6570) stands for: as much as is needed to find whose an address is.

Templates come from servers and addresses from clients, so neither becomes a regular expression: all places of the
address that a template may have reached are the bits of one number, and each of its parts moves them in one step.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 2000
"""Characters of a template and of an address; a longer one is nobody's."""
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Address:
    """One address, with the places of each of its characters as bits; for any number of templates."""

    __slots__ = ("_places", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._places: dict[str, int] | None = None

    @property
    def places(self) -> dict[str, int]:
        """For each character the places where it stands, as bits; worked out when first asked for."""
        if self._places is None:
            self._places = {}
            for place, character in enumerate(self.text):
                self._places[character] = self._places.get(character, 0) | 1 << place
        return self._places


class Template(NamedTuple):
    """A template, taken apart at its variables."""

    prefix: str
    """What comes before the first variable."""
    parts: tuple[tuple[str, str], ...]
    """For each variable what it stands for ("any", "some", "segment"), and the text after it."""

    @property
    def is_bounded(self) -> bool:
        """Whether it stands for addresses of one scheme alone, not for anybody's."""
        return _SCHEME.match(self.prefix) is not None

    def stands_for(self, address: Address) -> bool:
        """Whether some values of the variables make this address. In time that grows with both lengths alone."""
        text = address.text
        if not text.startswith(self.prefix) or len(text) > LONGEST:
            return False
        if not self.parts:
            return text == self.prefix
        if not text.endswith(self.parts[-1][1]):
            return False
        reached = 1 << len(self.prefix)
        for kind, literal in self.parts:
            reached = _after(literal, _after_variable(kind, reached, address), address.places)
            if not reached:
                return False
        return bool(reached >> len(text) & 1)


@lru_cache(4096)
def template_of(text: str) -> Template | None:
    """None when it is too long to be looked at."""
    if len(text) > LONGEST:
        return None
    prefix, *rest = _VARIABLE.split(text)
    return Template(prefix, tuple((_kind(rest[at]), rest[at + 1]) for at in range(0, len(rest), 2)))


def _kind(variable: str) -> str:
    if variable[:1] in {"?", "&", "#", "/", ";", "."}:
        return "any"
    return "some" if variable[:1] == "+" or variable.endswith("*") else "segment"


def _after_variable(kind: str, reached: int, address: Address) -> int:
    end = 1 << len(address.text)
    first = reached & -reached
    if kind == "segment":
        inner = (end - 1) & ~address.places.get("/", 0)
        started = reached & inner
        # The sum's carry runs from each start through the characters that aren't slashes (as in Myers' algorithm).
        return ((((started + inner) ^ inner) | started) & inner) << 1
    return (end << 1) - (first if kind == "any" else first << 1)


def _after(literal: str, reached: int, places: dict[str, int]) -> int:
    for character in literal:
        reached = (reached & places.get(character, 0)) << 1
        if not reached:
            break
    return reached
