"""Arguments that a client repeats in Mcp-Param-* headers, where the tool's schema asks for it (`x-mcp-header`)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from harriet.gateway.errors import HEADER_MISMATCH, RpcRefusal

_HEAD, _TAIL = "=?base64?", "?="


def decoded(value: str | None) -> str | None:
    """A header value as it was meant; None when it is a broken encoding, which then equals nothing."""
    if value is None or not (value.startswith(_HEAD) and value.endswith(_TAIL)):
        return value
    payload = value[len(_HEAD) : -len(_TAIL)]
    try:
        raw = base64.b64decode(payload, validate=True)
        return raw.decode() if base64.b64encode(raw).decode() == payload else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def check_param_headers(headers: Mapping[bytes, bytes], definition: Mapping[str, Any], values: Any) -> None:
    """Raises RpcRefusal when a header and its argument differ, or one of the two is missing."""
    schema = definition.get("inputSchema")
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return
    for path, name in _annotated(schema["properties"], ()):
        sent = headers.get(f"mcp-param-{name}".lower().encode())
        text = decoded(sent.decode("latin-1").strip()) if sent is not None else None
        if not _is_same(text, sent is not None, _at(values, path)):
            raise RpcRefusal(HEADER_MISMATCH, f"The header Mcp-Param-{name} must repeat the argument {'.'.join(path)}.")


def _annotated(properties: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, schema in properties.items():
        if not isinstance(schema, dict):
            continue
        here = (*path, key)
        if isinstance(schema.get("x-mcp-header"), str):
            yield here, schema["x-mcp-header"]
        if isinstance(schema.get("properties"), dict):
            yield from _annotated(schema["properties"], here)


def _at(values: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(values, dict):
            return None
        values = values.get(key)
    return values


def _is_same(text: str | None, is_sent: bool, value: Any) -> bool:
    if value is None or isinstance(value, dict | list):
        return not is_sent
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
