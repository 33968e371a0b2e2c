"""What a tool or prompt takes as a list that people can read: a row per argument, nested ones under their parent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MOST_ROWS = 100
DEEPEST = 3
"""Levels below the arguments that are shown."""
_LIMITS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
    ("pattern", "matches {}"),
    ("format", "{}"),
    ("default", "usually {}"),
)


class ArgumentRow(NamedTuple):
    path: str
    kind: str
    is_required: bool
    description: str
    limits: str


def rows_of(schema: Any) -> list[ArgumentRow]:
    rows = []
    for row in _rows(schema, "", 0):
        rows.append(row)
        if len(rows) == MOST_ROWS:
            break
    return rows


def prompt_rows(definition: Mapping[str, Any]) -> list[ArgumentRow]:
    """A prompt's arguments, which are all text."""
    listed = definition.get("arguments")
    found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return [
        ArgumentRow(
            str(one.get("name", "")), "text", one.get("required") is True, str(one.get("description") or ""), ""
        )
        for one in found[:MOST_ROWS]
    ]


def _rows(schema: Any, prefix: str, depth: int) -> Iterator[ArgumentRow]:
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return
    properties = schema.get("properties")
    required = schema.get("required")
    needed = set(required) if isinstance(required, list) and all(isinstance(name, str) for name in required) else set()
    for name, inner in properties.items() if isinstance(properties, Mapping) else ():
        inner = inner if isinstance(inner, Mapping) else {}
        yield ArgumentRow(
            prefix + name, kind_of(inner), name in needed, str(inner.get("description", "")), _limits(inner)
        )
        items = inner.get("items")
        yield from _rows(inner, f"{prefix}{name}.", depth + 1)
        yield from _rows(items, f"{prefix}{name}[].", depth + 1)


def kind_of(schema: Mapping[str, Any]) -> str:
    if isinstance(schema.get("enum"), list):
        return "one of " + ", ".join(_short(value) for value in schema["enum"][:8])
    if "const" in schema:
        return f"always {_short(schema['const'])}"
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(str(one) for one in kind)
    if kind == "array":
        items = schema.get("items")
        return f"list of {kind_of(items)}" if isinstance(items, Mapping) and items else "list"
    return {"string": "text", "integer": "whole number", "boolean": "yes or no"}.get(str(kind), str(kind or "anything"))


def _limits(schema: Mapping[str, Any]) -> str:
    return ", ".join(words.format(_short(schema[key])) for key, words in _LIMITS if key in schema)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
