"""What a tool's pinned schema says of the names of its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def names_in(definition: Mapping[str, Any]) -> frozenset[str] | None:
    """Of a tool's schema, or of a prompt's list; None when it may have others than it says."""
    arguments = definition.get("arguments")
    if isinstance(arguments, list):
        return frozenset(str(one["name"]) for one in arguments if isinstance(one, dict) and "name" in one)
    schema = definition.get("inputSchema")
    if not isinstance(schema, dict) or any(word in schema for word in _COMPOSED):
        return None
    found, more = schema.get("properties"), schema.get("additionalProperties", False)
    if not isinstance(found, dict) or not found or more or "patternProperties" in schema:
        return None
    return frozenset(found)


_COMPOSED = ("$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas")
