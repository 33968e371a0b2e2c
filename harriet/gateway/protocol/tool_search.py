"""Progressive loading: a profile with very many tools shows two, one that finds tools and one that calls them.

The search sees what the caller may call and nothing else; the call is an ordinary governed call."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from connectors.access.pinned import Pinned
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import RpcRefusal
from harriet.gateway.policy.listing import Listing, definition_of
from harriet.lib.mcp.error_codes import INVALID_PARAMS

SEARCH_TOOLS, CALL_TOOL = "search_tools", "call_tool"
MOST_FOUND = 20
"""Tools in one answer."""
_WORD = re.compile(r"[^\W_]+")

_SEARCH: dict[str, Any] = {
    "name": SEARCH_TOOLS,
    "title": "Search tools",
    "description": (
        "Finds tools by words of what you want to do, and gives their names, descriptions and schemas. Call what you "
        f"found with {CALL_TOOL}. An empty query lists the first tools by name."
    ),
    "inputSchema": {
        "type": "object",
        "properties": {
            "query": {"type": "string", "maxLength": 500, "description": "Words such as: create invoice customer"},
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_FOUND, "default": 5},
        },
        "required": ["query"],
        "additionalProperties": False,
    },
    "outputSchema": {
        "type": "object",
        "properties": {"tools": {"type": "array", "items": {"type": "object"}}, "total": {"type": "integer"}},
        "required": ["tools", "total"],
    },
    "annotations": {"readOnlyHint": True, "openWorldHint": False},
}
_CALL: dict[str, Any] = {
    "name": CALL_TOOL,
    "title": "Call a tool",
    "description": f"Calls a tool that {SEARCH_TOOLS} found, with arguments that fit its schema.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "The tool's name, as found"},
            "arguments": {"type": "object", "description": "What the tool's own inputSchema asks for"},
        },
        "required": ["name"],
        "additionalProperties": False,
    },
}
DEFINITIONS = [msgspec.json.encode(_SEARCH), msgspec.json.encode(_CALL)]


class _Inner(msgspec.Struct):
    name: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


_INNER = msgspec.json.Decoder(_Inner).decode


class InnerCall(NamedTuple):
    """The tool that `call_tool` is to call."""

    name: str
    arguments: bytes
    """JSON, as it came."""
    values: dict[str, Any]
    """The same, read."""


def inner_call(arguments: bytes, values: dict[str, Any]) -> InnerCall:
    """Raises RpcRefusal."""
    inner = values.get("arguments", {})
    if (
        not isinstance(values.get("name"), str)
        or not isinstance(inner, dict)
        or values["name"] in (SEARCH_TOOLS, CALL_TOOL)
    ):
        raise RpcRefusal(
            INVALID_PARAMS,
            f"{CALL_TOOL} takes the name of a tool that {SEARCH_TOOLS} found, and its arguments as an object.",
        )
    read = _INNER(arguments)
    return InnerCall(read.name, bytes(read.arguments), inner)


def search(listing: Listing, values: dict[str, Any]) -> Fields:
    """The best matches, as a tool result. Raises RpcRefusal for arguments that don't fit."""
    query, limit = values.get("query"), values.get("limit", 5)
    if not isinstance(query, str) or not isinstance(limit, int) or not 1 <= limit <= MOST_FOUND:
        raise RpcRefusal(INVALID_PARAMS, f"{SEARCH_TOOLS} takes a query, and a limit from 1 to {MOST_FOUND}.")
    names = _ranked(listing, frozenset(_words(query[:500])))
    found = [msgspec.Raw(definition_of(listing, name)) for name in names[:limit]]
    structured = msgspec.json.encode({"tools": found, "total": len(names)})
    content = msgspec.json.encode([{"type": "text", "text": structured.decode()}])
    return {"content": msgspec.Raw(content), "structuredContent": msgspec.Raw(structured)}


def _ranked(listing: Listing, wanted: frozenset[str]) -> list[str]:
    """Names of the tools that have any of the words, those with most of them first; a word in the name counts more."""
    if not wanted:
        return listing.names
    scored = []
    for name in listing.names:
        in_name, in_text = _vocabulary(name, listing.grants[name].tool.pinned)
        score = sum(3 * _is_in(word, in_name) + _is_in(word, in_text) for word in wanted)
        if score:
            scored.append((-score, name))
    return [name for _, name in sorted(scored)]


@lru_cache(20_000)
def _vocabulary(name: str, pinned: Pinned) -> tuple[frozenset[str], frozenset[str]]:
    description = str(pinned.read().get("description") or "")
    return frozenset(_words(name)), frozenset(_words(description[:4000]))


def _words(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return [word.lower() for word in _WORD.findall(spaced)]


def _is_in(word: str, words: frozenset[str]) -> bool:
    """Also in the plural: people say invoices, tools say invoice."""
    return word in words or word.removesuffix("s") in words or f"{word}s" in words
