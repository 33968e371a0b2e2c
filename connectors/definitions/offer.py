"""What a server offers, as it can be pinned. Pure: no database, no network.

A definition is the whole tool object (name, title, description, schemas, annotations, icons, _meta), made valid where
the server's meaning is clear, and pinned like that by the SHA-256 of its canonical JSON: the order of keys does not
matter, everything else does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.definitions.mend import mended, mended_entry
from connectors.definitions.sound import Remarks, sound_entries
from harriet.lib.errors import Problem
from harriet.lib.json.canonical import canonical_bytes, digest
from harriet.lib.text import show_hidden

MOST_TOOLS = 2_000
"""Of one server; prompts are counted apart."""
LARGEST_DEFINITION = 256 * 1024
"""Bytes of canonical JSON."""
LONGEST_NAME = 128
"""Characters."""

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
class Offer:
    tools: Mapping[str, Offered]
    refused: tuple[str, ...] = ()
    """A sentence for each thing that was not taken."""
    mended: tuple[str, ...] = ()
    """A sentence for each that was taken otherwise than it came."""


def read_offer(definitions: Iterable[Any], *, is_prompts: bool = False) -> Offer:
    """Takes what can be pinned and says what can't; a name offered for two things means neither."""
    member, remarks = "prompts" if is_prompts else "tools", Remarks()
    rows = list(definitions)
    if len(rows) > MOST_TOOLS:
        remarks.left_out.append(f"The server lists {len(rows)} {member}; only the first {MOST_TOOLS} were read.")
    found: dict[str, Offered] = {}
    twice: set[str] = set()
    for row in sound_entries(member, rows[:MOST_TOOLS], remarks):
        definition = mended_entry(member, row, remarks, _check)
        if definition is None:
            continue
        offered = _offered(definition)
        if found.setdefault(offered.name, offered).digest != offered.digest:
            twice.add(offered.name)
    for name in sorted(twice):
        remarks.left_out.append(f"{_quoted(name)} is offered more than once, so neither was taken.")
        del found[name]
    return Offer(found, tuple(remarks.left_out), tuple(remarks.mended))


def read_definition(definition: Mapping[str, Any], *, is_prompt: bool = False) -> Offered:
    """Raises Problem when the definition can't be pinned exactly."""
    valid = mended("prompts" if is_prompt else "tools", definition, lambda _: None)
    _check(valid)
    return _offered(valid)


def _offered(definition: Mapping[str, Any]) -> Offered:
    return Offered(definition["name"], definition, digest(definition), body_digest(definition))


def _check(definition: Mapping[str, Any]) -> None:
    """Of a definition that is valid. Raises Problem, for the end of a sentence."""
    _check_name(definition["name"])
    size = len(canonical_bytes(definition))
    if size > LARGEST_DEFINITION:
        raise Problem(f"its definition has {size:,} bytes, more than {LARGEST_DEFINITION:,}")


def body_digest(definition: Mapping[str, Any]) -> bytes:
    return digest({key: value for key, value in definition.items() if key != "name"})


def _check_name(name: str) -> None:
    if not name or len(name) > LONGEST_NAME:
        raise Problem(f"its name has {len(name)} characters; 1 to {LONGEST_NAME} are allowed")
    if name != name.strip() or any(_is_hidden(character) for character in name):
        raise Problem("its name contains hidden characters")


def _is_hidden(character: str) -> bool:
    return character != " " and unicodedata.category(character) in _NOT_IN_NAMES


def _quoted(name: str) -> str:
    return f"“{show_hidden(name[:LONGEST_NAME])}”"
