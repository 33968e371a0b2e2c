"""What of a tool's schemas can't be checked, in sentences for an admin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from connectors.definitions.offer import Offered
from harriet.lib.schemas import checker_of
from harriet.lib.text import show_hidden

_KEPT = 5_000
"""Definitions whose sentences are remembered."""


def unchecked_in(definition: Mapping[str, Any]) -> tuple[str, ...]:
    """Of one tool. Takes milliseconds: for a sync or a page, never for a call."""
    sentences: list[str] = []
    for which, what in (("inputSchema", "arguments"), ("outputSchema", "results")):
        if isinstance(definition.get(which), dict):
            notes = _notes_of(msgspec.json.encode(definition[which]))
            sentences += [f"Of its {what}' schema: {note[:1].lower()}{note[1:]}" for note in notes]
    return tuple(sentences)


def notes_of(offered: Iterable[Offered]) -> list[str]:
    """Of all tools that a server offers, each with its name."""
    return [
        f"“{show_hidden(tool.name)}”: {sentence[:1].lower()}{sentence[1:]}"
        for tool in offered
        for sentence in unchecked_in(tool.definition)
    ]


@lru_cache(_KEPT)
def _notes_of(schema: bytes) -> tuple[str, ...]:
    return checker_of(msgspec.json.decode(schema), len(schema)).notes
