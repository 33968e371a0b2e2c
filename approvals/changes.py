"""What differs between two JSON values, place by place, for people and models to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harriet.lib.text import show_hidden

MOST = 200
"""Places; of very many, the first are told."""
LONGEST_TOLD = 120
"""Characters of a value in a sentence."""
_NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Change:
    path: str
    """Such as `to`, `rows[2].amount`; empty for the whole."""
    before: str
    """As JSON; empty when it was not there."""
    after: str
    """Empty when it is there no longer."""

    def __str__(self) -> str:
        what = self.path or "everything"
        if not self.before:
            return f"{what} added: {_short(self.after)}"
        if not self.after:
            return f"{what} taken out (it was {_short(self.before)})"
        return f"{what}: {_short(self.before)} became {_short(self.after)}"


def changes_between(before: Any, after: Any) -> list[Change]:
    """The first of them, in the order of the values."""
    found: list[Change] = []
    _walk("", before, after, found)
    return found


def changes_in_words(changes: list[Change], most: int = 5) -> str:
    """One line; what is hidden in the values is made visible."""
    told = "; ".join(show_hidden(str(change)) for change in changes[:most])
    left = len(changes) - most
    return f"{told}; and {left} more" if left > 0 else told


def _walk(path: str, before: Any, after: Any, found: list[Change]) -> None:
    if len(found) >= MOST or _same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            _walk(_member(path, name), before.get(name, _NOTHING), after.get(name, _NOTHING), found)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            _walk(f"{path}[{place}]", one, other, found)
    else:
        found.append(Change(path, _json(before), _json(after)))


def _same(before: Any, after: Any) -> bool:
    """1, 1.0 and true are equal in Python, and three things in JSON."""
    return before is after or _json(before) == _json(after)


def _member(path: str, name: str) -> str:
    shown = name if name.isidentifier() else json.dumps(name, ensure_ascii=False)
    return f"{path}.{shown}" if path else shown


def _json(value: Any) -> str:
    return "" if value is _NOTHING else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…"
