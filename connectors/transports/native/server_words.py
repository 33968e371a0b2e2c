"""What a server says of its own failure, in whichever form: JSON-RPC, an API's JSON, problem details, text, a page."""

from __future__ import annotations

import html
import json
from typing import Any

from harriet.lib.http.charset import decoded
from harriet.lib.http.media_types import charset_of, is_json, media_type
from harriet.lib.json.canonical import is_deeper_than

LONGEST = 4000
"""Characters that are kept; fewer are told."""
MOST_PARTS, DEEPEST = 5, 32
_HEADS = ("title", "error", "code", "__type")
_BODIES = ("message", "detail", "error_description", "description", "reason", "msg", "error_message", "errormessage")
_INNER = ("error", "fault", "errors", "details", "data", "faultstring")
_IN_A_PAGE = ("title",)
_IN_XML = ("message", "detail", "faultstring", "title")


def words_of(content_type: str, raw: bytes) -> str:
    """ "" when it says nothing that is meant for people."""
    kind = media_type(content_type)
    text = decoded(raw, charset_of(content_type)).strip()
    if is_json(content_type) or (kind in {"", "text/plain"} and text[:1] in {"{", "["}):
        return _in_json(text)[:LONGEST]
    if kind.endswith(("html", "xml")) or (text[:1] == "<" and kind != "text/markdown"):
        is_xml = kind.endswith("xml") and "xhtml" not in kind
        return _in_markup(text, _IN_XML if is_xml else _IN_A_PAGE)[:LONGEST]
    return text[:LONGEST] if kind in {"", "text/plain", "text/markdown"} and _is_text(text) else ""


def _in_json(text: str) -> str:
    if is_deeper_than(text.encode("utf-8", "surrogatepass"), DEEPEST):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return _said(value) or (text if value else "")


def _said(value: Any) -> str:
    """The words in a parsed body, the general before the particular."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "; ".join(part for part in map(_said, value[:MOST_PARTS]) if part)
    if not isinstance(value, dict):
        return ""
    members = {key.lower(): member for key, member in reversed(value.items())}
    parts = [_first(members, _HEADS), *_particulars(members)]
    return ": ".join(dict.fromkeys(part for part in parts if part))


def _particulars(members: dict[str, Any]) -> list[str]:
    own = _first(members, _BODIES)
    inner = [_said(members.get(name)) for name in _INNER if isinstance(members.get(name), dict | list)]
    return [own, *inner]


def _first(members: dict[str, Any], names: tuple[str, ...]) -> str:
    found = (members.get(name) for name in names)
    return next((text.strip() for text in found if isinstance(text, str) and text.strip()), "")


def _in_markup(text: str, tags: tuple[str, ...]) -> str:
    """Of a page its title and no more: pages are made for browsers. Of XML the element that holds the message."""
    lower = text.lower() if text.isascii() else text  # letters that grow when they are lowered would move the rest
    for tag in tags:
        start = lower.find(f"<{tag}")
        inside = lower.find(">", start)
        end = lower.find(f"</{tag}", inside)
        if 0 <= start < inside < end:
            words = " ".join(html.unescape(text[inside + 1 : end]).split())
            if words and "<" not in words:
                return words
    return ""


def _is_text(text: str) -> bool:
    """Rather than something that was only called so."""
    return (text.count("\0") + text.count("\ufffd")) * 10 <= len(text)
