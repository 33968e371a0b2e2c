"""Pieces of sentences: the first of several names and how many more there are, and one sentence within another."""

from __future__ import annotations

from collections.abc import Sequence


def some_of(names: Sequence[str], most: int, between: str = ", ", last: str = " and ") -> str:
    """ "CRM, Wiki and 3 more"."""
    more = f"{last}{len(names) - most} more" if len(names) > most else ""
    return between.join(names[:most]) + more


def ended(said: str) -> str:
    """What somebody wrote, with a full stop where it has no end of its own: another sentence follows."""
    said = said.rstrip()
    return said if said.endswith((".", "!", "?", "…")) or not said else f"{said}."


def within(sentence: str) -> str:
    """ "It is a draft." as "it is a draft", to go on behind a comma."""
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")
