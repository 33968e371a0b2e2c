"""Two definitions side by side, line by line, for people to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import unified_diff
from typing import Any, NamedTuple

MOST_LINES = 400


class DiffLine(NamedTuple):
    kind: str
    """added, removed, same or gap."""
    text: str


def difference_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[DiffLine]:
    lines = unified_diff(_lines(before), _lines(after), n=2, lineterm="")
    found = [_line(text) for text in list(lines)[2:]]
    if len(found) > MOST_LINES:
        return [*found[:MOST_LINES], DiffLine("gap", f"… {len(found) - MOST_LINES} more lines")]
    return found


def _lines(definition: Mapping[str, Any]) -> list[str]:
    """Keys sorted: their order is no difference. Hidden characters stay for the page to show."""
    return json.dumps(definition, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def _line(text: str) -> DiffLine:
    kinds = {"+": "added", "-": "removed", " ": "same"}
    return DiffLine(kinds[text[0]], text) if text[:1] in kinds else DiffLine("gap", "…")
