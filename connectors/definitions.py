"""What changed between the tools that were accepted and the ones a server offers now. Pure: no database, no network.

A definition is the whole tool object (name, title, description, schemas, annotations, icons, _meta), pinned by the
SHA-256 of its canonical JSON: the order of keys does not matter, everything else does.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harriet.lib.canonical import canonical_bytes, digest
from harriet.lib.errors import Problem
from harriet.lib.text import show_hidden

MOST_TOOLS = 2_000
LARGEST_DEFINITION = 256 * 1024
LONGEST_NAME = 128

_NOT_IN_NAMES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Offered:
    """One tool or prompt as the server offers it, fit to be pinned."""

    name: str
    definition: Mapping[str, Any]
    digest: bytes
    body: bytes
    """The digest of everything but the name, by which a rename is recognised."""


@dataclass(frozen=True, slots=True)
class Known:
    """One tool as Harriet knows it."""

    name: str
    pinned: bytes
    body: bytes
    proposed: bytes | None = None
    is_quarantined: bool = False
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    tools: Mapping[str, Offered]
    refused: tuple[str, ...] = ()
    """A sentence for each thing that was not taken."""


@dataclass(frozen=True, slots=True)
class Difference:
    added: list[Offered] = field(default_factory=list)
    changed: list[Offered] = field(default_factory=list)
    """Newly different from the pinned definition, or different in another way than before."""
    restored: list[Offered] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    """New name → the name it probably had."""

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.restored or self.removed)


def read_offer(definitions: Iterable[Any], *, is_prompts: bool = False) -> Offer:
    """Takes what can be pinned and says what can't; a name offered twice means neither."""
    found: dict[str, Offered] = {}
    refused: list[str] = []
    rows = list(definitions)
    if len(rows) > MOST_TOOLS:
        what = "prompts" if is_prompts else "tools"
        refused.append(f"The server lists {len(rows)} {what}; only the first {MOST_TOOLS} were read.")
        rows = rows[:MOST_TOOLS]
    twice = _named_twice(rows)
    refused += [f"{_quoted(name)} is offered more than once, so neither was taken." for name in sorted(twice)]
    for row in rows:
        try:
            offered = read_definition(row, is_prompt=is_prompts)
        except Problem as problem:
            refused.append(problem.message)
            continue
        if offered.name not in twice:
            found[offered.name] = offered
    return Offer(found, tuple(refused))


def read_definition(definition: Any, *, is_prompt: bool = False) -> Offered:
    """Raises Problem when the definition can't be pinned exactly."""
    if not isinstance(definition, dict) or not isinstance(definition.get("name"), str):
        raise Problem("The server lists something that has no name; it was left out.")
    name = definition["name"]
    _check_name(name)
    if not is_prompt and not isinstance(definition.get("inputSchema"), dict):
        raise Problem(f"{_quoted(name)} says nothing about its arguments (inputSchema), so it was left out.")
    return Offered(name, definition, _digest(name, definition), body_digest(definition))


def body_digest(definition: Mapping[str, Any]) -> bytes:
    return digest({key: value for key, value in definition.items() if key != "name"})


def compare(known: Iterable[Known], offer: Offer) -> Difference:
    by_name = {tool.name: tool for tool in known}
    difference = Difference()
    for offered in offer.tools.values():
        _place(offered, by_name.get(offered.name), difference)
    gone = [tool for tool in by_name.values() if tool.name not in offer.tools]
    difference.removed.extend(tool.name for tool in gone if not tool.is_removed)
    _pair_renames(difference, gone)
    return difference


def _place(offered: Offered, known: Known | None, difference: Difference) -> None:
    if known is None:
        difference.added.append(offered)
    elif offered.digest == known.pinned:
        if known.is_quarantined or known.is_removed:
            difference.restored.append(offered)
    elif offered.digest != known.proposed or not known.is_quarantined:
        difference.changed.append(offered)


def _pair_renames(difference: Difference, gone: list[Known]) -> None:
    """Each tool that went is the old name of at most one that came."""
    by_body = {}
    for tool in sorted(gone, key=lambda tool: tool.is_removed, reverse=True):  # the latest to go wins
        by_body[tool.body] = tool.name
    for offered in difference.added:
        old = by_body.pop(offered.body, None)
        if old is not None:
            difference.renamed[offered.name] = old


def _named_twice(rows: list[Any]) -> set[str]:
    names = Counter(row["name"] for row in rows if isinstance(row, dict) and isinstance(row.get("name"), str))
    return {name for name, count in names.items() if count > 1}


def _check_name(name: str) -> None:
    if not name or len(name) > LONGEST_NAME:
        raise Problem(
            f"A name in the list has {len(name)} characters; 1 to {LONGEST_NAME} are allowed. It was left out."
        )
    if name != name.strip() or any(_is_hidden(character) for character in name):
        raise Problem(f"The name {_quoted(name)} contains hidden characters, so it was left out.")


def _is_hidden(character: str) -> bool:
    return character != " " and unicodedata.category(character) in _NOT_IN_NAMES


def _digest(name: str, definition: Mapping[str, Any]) -> bytes:
    try:
        canonical = canonical_bytes(definition)
    except Problem as problem:
        raise Problem(f"{_quoted(name)} was left out: {problem.message}") from None
    if len(canonical) > LARGEST_DEFINITION:
        raise Problem(
            f"The definition of {_quoted(name)} has {len(canonical):,} bytes, more than {LARGEST_DEFINITION:,}; "
            "it was left out."
        )
    return digest(definition)


def _quoted(name: str) -> str:
    return f"“{show_hidden(name[:LONGEST_NAME])}”"
