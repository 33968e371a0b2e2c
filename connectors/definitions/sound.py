"""Each entry of a server's list judged alone, as JSON: one bad string costs at most itself, anything else its entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harriet.lib.errors import Problem
from harriet.lib.json.canonical import is_beyond_doubles
from harriet.lib.json.lenient import REPLACEMENT, Ambiguous, has_halves, with_whole_characters
from harriet.lib.text import excerpt

DEEPEST = 64
"""Levels of one definition."""
MOST_AT_ONCE = 500
"""Entries of a list that are judged on an event loop; more take longer than a call should wait, so a thread does it."""
LONGEST_PLACE = 120
"""Characters of where in an entry something is wrong."""
MOST_PLACES = 5
WORDS = {"tools": "tool", "prompts": "prompt", "resources": "resource", "resourceTemplates": "resource template"}
_SCHEMAS = frozenset({"inputSchema", "outputSchema"})
_NAMED_BY = {"tools": ("name",), "prompts": ("name",), "resources": ("uri",), "resourceTemplates": ("uriTemplate",)}
"""What a client must say to use the entry: with another character in it, it is another one."""

Path = tuple[str, ...]


@dataclass(slots=True)
class Remarks:
    """What was wrong with a list: a sentence for an admin about each entry that was left out, or mended."""

    left_out: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)


def sound_entries(member: str, page: Iterable[Any], remarks: Remarks) -> list[dict[str, Any]]:
    """The entries that can be used, each of them JSON that has one meaning."""
    found = []
    for entry in page:
        label = f"The {WORDS[member]} {label_of(entry)}"
        try:
            sound, places = sound_entry(member, entry)
        except Problem as problem:
            remarks.left_out.append(f"{label} was left out: {problem.message}.")
            continue
        if places:
            remarks.mended.append(
                f"{label} has half a character (of a surrogate pair, or of UTF-8) in {_listed(places)}; "
                f"“{REPLACEMENT}” stands in its place, or the pattern with it was taken out."
            )
        found.append(sound)
    return found


def sound_entry(member: str, entry: Any) -> tuple[dict[str, Any], list[str]]:
    """The entry, and the places where characters were replaced. Raises Problem, for the end of a sentence."""
    if not isinstance(entry, dict):
        raise Problem("it is not an object")
    walk = _Walk(member)
    sound: dict[str, Any] = walk.value(entry, ())
    return sound, walk.places


def label_of(entry: Any) -> str:
    """How a sentence names an entry that may be anything."""
    said = entry if isinstance(entry, dict) else {}
    names = (said.get(key) for key in ("name", "uri", "uriTemplate", "title"))
    name = next((one for one in names if isinstance(one, str) and one), "")
    return f"“{excerpt(name, 128)}”" if name else "without a name"


class _Walk:
    def __init__(self, member: str) -> None:
        self._member = member
        self.places: list[str] = []

    def value(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return self._text(value, path) if has_halves(value) else value
        if isinstance(value, dict):
            return self._object(value, path)
        if isinstance(value, list):
            self._check_level(path)
            return [self.value(one, (*path, str(index))) for index, one in enumerate(value)]
        if isinstance(value, int | float) and is_beyond_doubles(value):
            raise Problem(f"{place_of(path)} is a number that JSON's usual numbers (doubles) can't hold")
        return value

    def _object(self, value: dict[str, Any], path: Path) -> dict[str, Any]:
        self._check_level(path)
        if isinstance(value, Ambiguous):
            raise Problem(f"{place_of(path)} has the member “{excerpt(value.twice, 60)}” twice")
        found = {}
        for name, one in value.items():
            if has_halves(name):
                found[self._name(name, path)] = self.value(one, (*path, name))
            elif name == "pattern" and isinstance(one, str) and has_halves(one) and _is_in_schema(path):
                self.places.append(place_of((*path, name)))  # another character would make it another rule
            else:
                found[name] = self.value(one, (*path, name))
        return found

    def _text(self, text: str, path: Path) -> str:
        if self._is_said_by_clients(path):
            raise Problem(f"{place_of(path)} has half a character (of a surrogate pair, or of UTF-8)")
        self.places.append(place_of(path))
        return with_whole_characters(text)

    def _name(self, name: str, path: Path) -> str:
        if _is_in_schema(path):
            raise Problem(f"a name in {place_of(path)} has half a character (of a surrogate pair, or of UTF-8)")
        self.places.append(place_of((*path, name)))
        return with_whole_characters(name)

    def _is_said_by_clients(self, path: Path) -> bool:
        if path in {(name,) for name in _NAMED_BY[self._member]}:
            return True
        is_argument = len(path) == 3 and path[0] == "arguments" and path[2] == "name"
        is_required = _is_in_schema(path) and len(path) > 2 and path[-2] == "required"
        return is_required or (is_argument and self._member == "prompts")

    def _check_level(self, path: Path) -> None:
        if len(path) >= DEEPEST:
            raise Problem(f"it nests deeper than {DEEPEST} levels")


def place_of(path: Path) -> str:
    return excerpt("/".join(path), LONGEST_PLACE) if path else "the entry itself"


def _is_in_schema(path: Path) -> bool:
    return bool(path) and path[0] in _SCHEMAS


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - MOST_PLACES} more places" if len(places) > MOST_PLACES else ""
    return f"{', '.join(places[:MOST_PLACES])}{more}"
