"""Where in a JSON Schema its subschemas are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
Node = dict[str, Any]

ONE = frozenset(
    {
        *("not", "if", "then", "else", "contains", "propertyNames", "items", "additionalItems"),
        *("additionalProperties", "unevaluatedItems", "unevaluatedProperties"),
    }
)
MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"})
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def children(node: Node) -> Iterator[tuple[Path, Any]]:
    """The places right below a schema where a schema belongs, and what stands there."""
    for keyword, value in node.items():
        if keyword in NAMED and isinstance(value, dict):
            for name, one in value.items():
                yield (keyword, name), one
        elif keyword in MANY and isinstance(value, list):
            for number, one in enumerate(value):
                yield (keyword, number), one
        elif keyword in ONE:
            yield (keyword,), value


def every_node(root: Node) -> Iterator[tuple[Path, Node]]:
    """The schema and all schemas in it, with their paths."""
    left: list[tuple[Path, Any]] = [((), root)]
    while left:
        path, node = left.pop()
        if isinstance(node, dict):
            yield path, node
            left += [(path + step, child) for step, child in children(node)]


def pointed_at(root: Any, pointer: str) -> Any:
    """What a JSON pointer leads to. Raises LookupError."""
    found = root
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = found[int(name)] if isinstance(found, list) and name.isdecimal() else _member(found, name)
    return found


def _member(found: Any, name: str) -> Any:
    if not isinstance(found, dict):
        raise LookupError(name)
    return found[name]
