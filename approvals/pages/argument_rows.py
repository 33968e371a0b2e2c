"""The arguments of a held call as people read them: a row for each, labelled by the pinned schema, folded when long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from approvals.pages.previews import texts_in
from harriet.lib.text import count_hidden, excerpt, show_hidden

MOST_ROWS = 20
"""Arguments with a row of their own: what has more is read as JSON."""
SHOWN = 500
"""Characters of a value before it is folded."""
FOLDED = 3_000
"""Characters that unfold on the card; what is longer is read on a page of its own."""
MOST_FOLDED = 12_000
"""Of all values of a card together."""


class ArgumentRow(NamedTuple):
    name: str
    title: str
    """From the pinned schema, like the note: the server's words."""
    note: str
    text: str
    """The value, or how it begins."""
    rest: str
    """How it goes on, folded."""
    more: int
    """Characters after those, which stand on another page."""
    is_text: bool
    """Otherwise it is JSON: a number, yes or no, a list."""
    hidden: int


def rows_of(arguments: object, schema: object) -> list[ArgumentRow]:
    """None when they are no object of few members."""
    if not isinstance(arguments, dict) or len(arguments) > MOST_ROWS:
        return []
    properties, left, rows = _properties(schema), MOST_FOLDED, []
    for name, value in arguments.items():
        row = _row(name, value, properties.get(name), left)
        left -= len(row.text) + len(row.rest)
        rows.append(row)
    return rows


def hidden_in(*values: object) -> int:
    """Characters that nobody would see, of decoded text: as \\u202e one is all too visible."""
    return sum(count_hidden(text) for value in values for text in texts_in(value))


def _properties(schema: object) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _row(name: str, value: object, said: Any, left: int) -> ArgumentRow:
    described = said if isinstance(said, Mapping) else {}
    whole = value if isinstance(value, str) else _pretty(value)
    first = min(SHOWN, max(left, 80))
    folded = max(min(FOLDED, left) - first, 0)
    text, rest = whole[:first], whole[first : first + folded]
    return ArgumentRow(
        name=show_hidden(excerpt(name, 100)),
        title=excerpt(str(described.get("title") or ""), 60),
        note=excerpt(str(described.get("description") or ""), 140),
        text=show_hidden(text),
        rest=show_hidden(rest),
        more=len(whole) - len(text) - len(rest),
        is_text=isinstance(value, str),
        hidden=hidden_in(name, value),
    )


def _pretty(value: object) -> str:
    """On one line when it is short."""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= 80 else json.dumps(value, ensure_ascii=False, indent=2)
