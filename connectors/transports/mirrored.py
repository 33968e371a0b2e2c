"""What a 2026-07-28 request repeats of its body in headers: Mcp-Name and Mcp-Param-* (Streamable HTTP, SEP-2243)."""

import base64
import json
import re
from typing import Any

# Schemas within a schema; only `properties` leads to values that can be mirrored.
_ONE = frozenset(
    {"items", "contains", "unevaluatedItems", "additionalProperties", "propertyNames", "unevaluatedProperties"}
    | {"not", "if", "then", "else", "contentSchema"}
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"patternProperties", "dependentSchemas", "$defs", "definitions"})

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_SENTINEL = re.compile(r"=\?base64\?.*\?=", re.DOTALL)
_TYPES = frozenset({"string", "integer", "boolean"})

Path = tuple[str, ...]
Mirrored = tuple[tuple[str, Path], ...]
"""Header name and where in the arguments its value is."""


class InvalidAnnotation(ValueError):
    """An `x-mcp-header` that the specification doesn't allow: the tool must not be used."""


def header_value(text: str) -> str:
    """The text as a header value; in base64, marked as such, when it wouldn't survive as it is."""
    if _PLAIN.fullmatch(text) and text == text.strip() and not _SENTINEL.fullmatch(text):
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'surrogatepass')).decode()}?="


def mirrored_parameters(schema: Any) -> Mirrored:
    """Raises InvalidAnnotation. Written without recursion: the schema comes from elsewhere."""
    found: list[tuple[str, Path]] = []
    stack: list[tuple[Path | None, Any]] = [((), schema)]
    while stack:
        path, node = stack.pop()
        if not isinstance(node, dict):
            continue
        if "x-mcp-header" in node:
            found.append((_header_name(path, node), path or ()))
        stack.extend(_inner(path, node))
    names = [name.lower() for name, _ in found]
    if len(set(names)) != len(names):
        raise InvalidAnnotation("two parameters want the same header")
    return tuple(sorted(found))


def parameter_headers(mirrored: Mirrored, arguments: bytes) -> dict[str, str]:
    values = json.loads(arguments)
    headers = {}
    for name, path in mirrored:
        value = values
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, bool):
            headers[name] = "true" if value else "false"
        elif isinstance(value, str | int | float):
            headers[name] = header_value(str(value))
    return headers


def _inner(path: Path | None, node: dict[str, Any]) -> list[tuple[Path | None, Any]]:
    inner: list[tuple[Path | None, Any]] = []
    for keyword, value in node.items():
        if keyword == "properties" and isinstance(value, dict):
            inner += [((*path, name) if path is not None else None, schema) for name, schema in value.items()]
        elif keyword in _ONE:
            inner.append((None, value))
        elif keyword in _LISTS and isinstance(value, list):
            inner += [(None, schema) for schema in value]
        elif keyword in _MAPS and isinstance(value, dict):
            inner += [(None, schema) for schema in value.values()]
    return inner


def _header_name(path: Path | None, node: dict[str, Any]) -> str:
    name = node["x-mcp-header"]
    if not path:
        raise InvalidAnnotation("a header is asked for a value that is not a plain parameter")
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise InvalidAnnotation("a header's name has characters that headers can't have")
    kind = node.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise InvalidAnnotation("a header is asked for a value that is no text, whole number or yes/no")
    return f"Mcp-Param-{name}"
