"""What a request of 2026-07-28 repeats of its arguments in headers: which (`x-mcp-header` in a tool's schema), under
which name (Mcp-Param-…), and how a value is written there (Streamable HTTP, SEP-2243)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from harriet.lib.mcp.headers import PARAM_HEADER_PREFIX

ANNOTATION = "x-mcp-header"
# Schemas within a schema; only `properties` leads to values that can be mirrored.
_ONE = frozenset(
    {"items", "contains", "unevaluatedItems", "additionalProperties", "propertyNames", "unevaluatedProperties"}
    | {"not", "if", "then", "else", "contentSchema"}
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"patternProperties", "dependentSchemas", "$defs", "definitions"})

_HEAD, _TAIL = "=?base64?", "?="
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_SENTINEL = re.compile(r"=\?base64\?.*\?=", re.DOTALL)
_TYPES = frozenset({"string", "integer", "boolean"})

Path = tuple[str, ...]
"""Where in the arguments a value is: the names of members, from the outermost."""


class ParamHeader(NamedTuple):
    """A header, by its whole name, and where the argument is that it repeats."""

    name: str
    path: Path


class InvalidAnnotation(ValueError):
    """An `x-mcp-header` that the specification doesn't allow: the tool must not be used. The text says why, for the end
    of a sentence."""


def encode_value(text: str) -> str:
    """The text as a header value; in base64, marked as such, when it wouldn't survive as it is."""
    if _PLAIN.fullmatch(text) and text == text.strip() and not _SENTINEL.fullmatch(text):
        return text
    return f"{_HEAD}{base64.b64encode(text.encode('utf-8', 'surrogatepass')).decode()}{_TAIL}"


def decode_value(value: str | None) -> str | None:
    """A header value as it was meant; None when it is a broken encoding, which then equals nothing."""
    if value is None or not (value.startswith(_HEAD) and value.endswith(_TAIL)):
        return value
    payload = value[len(_HEAD) : -len(_TAIL)]
    try:
        raw = base64.b64decode(payload, validate=True)
        return raw.decode() if base64.b64encode(raw).decode() == payload else None
    except ValueError:  # no base64, letters beyond ASCII among it, or no UTF-8 in it
        return None


def mirrored_parameters(schema: Any) -> tuple[ParamHeader, ...]:
    """What a call of the tool with this input schema must repeat, in the order of the headers' names. Raises
    InvalidAnnotation."""
    found = [ParamHeader(_header_name(path, node), path or ()) for path, node in _annotated(schema)]
    names = [header.name.lower() for header in found]
    if len(set(names)) != len(names):
        raise InvalidAnnotation("two parameters want the same header")
    return tuple(sorted(found))


def annotated_parameters(schema: Any) -> tuple[ParamHeader, ...]:
    """What the annotations ask for, right or wrong, in the order of the schema: for calls of a tool that was taken long
    ago. Never raises."""
    texts = [(path, node[ANNOTATION]) for path, node in _annotated(schema) if path]
    return tuple(
        ParamHeader(PARAM_HEADER_PREFIX + text, path) for path, text in reversed(texts) if isinstance(text, str)
    )


def parameter_headers(mirrored: tuple[ParamHeader, ...], arguments: bytes) -> dict[str, str]:
    """The headers for arguments, a JSON object; what is left out, null, an object or an array has none."""
    values = json.loads(arguments)
    headers = {}
    for name, path in mirrored:
        value = value_at(values, path)
        if isinstance(value, bool):
            headers[name] = "true" if value else "false"
        elif isinstance(value, str | int | float):
            headers[name] = encode_value(str(value))
    return headers


def value_at(values: Any, path: Path) -> Any:
    """None where nothing is."""
    for key in path:
        if not isinstance(values, dict):
            return None
        values = values.get(key)
    return values


def repeats(header: str | None, value: Any) -> bool:
    """Whether a header, as it was sent (None: it was not), says the same as the argument. Numbers are compared, not
    their digits."""
    if value is None or isinstance(value, dict | list):
        return header is None
    text = decode_value(header)
    if text is None:
        return False
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float):
        return _is_same_number(text, value)
    return bool(text == value)


def _is_same_number(text: str, value: float) -> bool:
    try:
        return (int(text) if isinstance(value, int) else float(text)) == value
    except ValueError:
        return False


def _annotated(schema: Any) -> Iterator[tuple[Path | None, dict[str, Any]]]:
    """Every schema with an annotation, the last first, and the argument that it describes: () is the whole, None is no
    argument that can be pointed at. Without recursion: the schema comes from elsewhere."""
    stack: list[tuple[Path | None, Any]] = [((), schema)]
    while stack:
        path, node = stack.pop()
        if not isinstance(node, dict):
            continue
        if ANNOTATION in node:
            yield path, node
        stack.extend(_inner(path, node))


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
    name = node[ANNOTATION]
    if not path:
        raise InvalidAnnotation("a header is asked for a value that is not a plain parameter")
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise InvalidAnnotation("a header's name has characters that headers can't have")
    kind = node.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise InvalidAnnotation("a header is asked for a value that is no text, whole number or yes/no")
    return PARAM_HEADER_PREFIX + name
