"""Makes up values that a JSON Schema asks for: its own defaults and examples first, then the simplest that fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEEPEST = 12
_BY_FORMAT = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}
_GIVEN = ("default", "const")
_LISTED = ("enum", "examples")


class NoSample(ValueError):
    """The schema asks for something that can't be made up simply."""


def sample_of(schema: Any, *, free: Any = None, only_required: bool = True) -> Any:
    """A value for a schema of a tool's arguments, or of a form. Raises NoSample.

    `free` is what fills an object of which the schema says nothing. References to elsewhere are never fetched.
    """
    return _Maker(schema, {} if free is None else free, only_required).make(schema, 0)


class _Maker:
    def __init__(self, root: Any, free: Any, only_required: bool) -> None:
        self._root, self._free, self._only_required = root, free, only_required

    def make(self, schema: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise NoSample("the schema is nested too deeply")
        if not isinstance(schema, dict):
            return self._free
        if "$ref" in schema:
            return self.make(self._local(schema["$ref"]), depth + 1)
        for keyword in _GIVEN:
            if keyword in schema:
                return schema[keyword]
        for keyword in _LISTED:
            if isinstance(schema.get(keyword), list) and schema[keyword]:
                return schema[keyword][0]
        return self._by_type(_type_of(schema), schema, depth)

    def _by_type(self, kind: str, schema: Mapping[str, Any], depth: int) -> Any:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return [self.make(schema.get("items"), depth + 1) for _ in range(min(_number(schema, "minItems", 0), 10))]
        if kind == "string":
            return self._text(schema)
        simple = {"boolean": True, "null": None, "integer": _whole(schema), "number": _whole(schema)}
        if kind in simple:
            return simple[kind]
        for keyword in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(keyword), list) and schema[keyword]:
                return self.make(schema[keyword][0], depth + 1)
        return self._free

    def _object(self, schema: Mapping[str, Any], depth: int) -> Any:
        properties = schema.get("properties")
        required = schema.get("required", [])
        if not properties and not required and depth:
            return self._free
        properties = properties if isinstance(properties, dict) else {}
        names = required if self._only_required else properties
        return {name: self.make(properties.get(name), depth + 1) for name in names if isinstance(name, str)}

    def _text(self, schema: Mapping[str, Any]) -> str:
        text = _BY_FORMAT.get(str(schema.get("format", "")), "sample")
        length = min(_number(schema, "minLength", 0), 1000)
        return text.ljust(length, "x")[: max(_number(schema, "maxLength", 1000), 0)]

    def _local(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise NoSample("the schema refers to another document")
        found = self._root
        for step in reference[2:].split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or step not in found:
                raise NoSample("the schema refers to something that isn't there")
            found = found[step]
        return found


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if not kind and ("properties" in schema or "required" in schema):
        kind = "object"
    return str(kind or "")


def _whole(schema: Mapping[str, Any]) -> int:
    least = _number(schema, "minimum", _number(schema, "exclusiveMinimum", 0) + 1)
    return min(max(1, least), _number(schema, "maximum", max(1, least)))


def _number(schema: Mapping[str, Any], keyword: str, otherwise: int) -> int:
    value = schema.get(keyword)
    return int(value) if isinstance(value, int | float) and abs(value) < 2**53 else otherwise
