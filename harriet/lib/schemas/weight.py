"""How much work a schema may make of a value, before it is asked.

A value's check takes at most its size times the weight of the schema: each part of the value is looked at by at most so
many parts of the schema. What refers to itself counts once, because the engine remembers what it has found there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from harriet.lib.schemas.walk import REFERENCES, Node, pointed_at

TOO_MUCH = 10**12
"""For what nobody can count."""
_UNIQUE = 10
"""What `uniqueItems` weighs: every item is compared with others."""
_DISJOINT = frozenset({"properties", "additionalProperties", "unevaluatedProperties"})
_BY_PLACE = frozenset({"prefixItems", "items", "additionalItems", "unevaluatedItems"})
_NOT_APPLIED = frozenset({"$defs", "definitions"})


class Scale:
    """Weighs one schema. `patterns` says what each pattern weighs."""

    def __init__(self, root: Any, patterns: Mapping[str, int]) -> None:
        self._root = root
        self._patterns = patterns
        self._known: dict[int, int] = {}
        self._anchors: dict[str, Node] = {}
        self.is_recursive = False

    def weigh(self) -> int:
        """Of the whole; TOO_MUCH where it can't be found out."""
        try:
            return self._weigh(self._root)
        except RecursionError:
            return TOO_MUCH

    def _weigh(self, node: Any) -> int:
        if not isinstance(node, dict):
            return 1
        known = self._known.get(id(node))
        if known is not None:
            self.is_recursive |= known == 0
            return known
        self._known[id(node)] = 0  # while it is being weighed: what comes back here counts nothing
        found = min(self._own(node) + self._below(node), TOO_MUCH)
        self._known[id(node)] = found
        return found

    def _own(self, node: Node) -> int:
        own = 1 + (_UNIQUE if node.get("uniqueItems") else 0)
        own += sum(_size(value) for value in (node.get("const"), *_compound(node.get("enum"))))
        pattern = node.get("pattern")
        return own + self._patterns.get(pattern, 1) if isinstance(pattern, str) else own

    def _below(self, node: Node) -> int:
        total = 0
        properties, items = [0], [0]
        for keyword, value in node.items():
            if keyword in _NOT_APPLIED:
                continue
            if keyword in REFERENCES:
                total += self._weigh(self._target(value))
            elif keyword in _DISJOINT:
                properties += self._each(value if keyword == "properties" else [value])
            elif keyword in _BY_PLACE:
                items += self._each(value if isinstance(value, list) else [value])
            elif keyword == "patternProperties" and isinstance(value, dict):
                total += sum(self._patterns.get(name, 1) for name in value) + sum(self._each(value))
            elif isinstance(value, dict | list) and keyword in _APPLIED:
                total += sum(self._each(value if isinstance(value, list) or keyword in _MAPS else [value]))
        return total + max(properties) + max(items)

    def _each(self, several: Any) -> list[int]:
        values = several.values() if isinstance(several, dict) else several
        return [self._weigh(one) for one in values]

    def _target(self, reference: Any) -> Any:
        """What a reference leads to; everything, where that can't be told."""
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return self._root
        try:
            return pointed_at(self._root, unquote(reference[1:]))
        except LookupError:
            return self._root


_MAPS = frozenset({"dependentSchemas", "dependencies"})
_APPLIED = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "contains", "propertyNames", *_MAPS})


def _compound(values: Any) -> list[Any]:
    """The entries of an enum, when they must be compared one by one: numbers and texts are looked up."""
    if not isinstance(values, list) or not any(isinstance(one, dict | list) for one in values):
        return []
    return values


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 10 + sum(_size(one) for one in value.values())
    return 10 + sum(_size(one) for one in value) if isinstance(value, list) else 10 * (value is not None)
