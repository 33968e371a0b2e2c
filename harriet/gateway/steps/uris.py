"""Addresses of resources as clients see them: in a profile with prefixes they begin with their connector's slug."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from connectors.access.facts import ProfileRow
from connectors.access.rules import shown_uri
from harriet.gateway.content.results import Fields
from harriet.gateway.policy.grant import Grant

_WITH_ADDRESSES = ("content", "contents", "messages")


def with_shown_uris(fields: Fields, grant: Grant, profile: ProfileRow) -> Fields:
    """The result with the addresses in it as this profile shows them. Most results have none, or need no change."""
    if not profile.has_prefix:
        return fields
    slug = grant.tool.connector.slug
    for name in _WITH_ADDRESSES:
        raw = fields.get(name)
        if raw is not None and b'"uri"' in bytes(raw):
            fields[name] = msgspec.Raw(rewritten(bytes(raw), lambda uri: shown_uri(slug, uri, True)))
    return fields


def rewritten(raw: bytes, rename: Callable[[str], str]) -> bytes:
    """JSON with every address of a resource renamed: of contents, links, and resources embedded in content."""
    return msgspec.json.encode(_walked(_parsed(raw.decode()), rename))


def _as_it_came(number: str) -> msgspec.Raw:
    return msgspec.Raw(number.encode())


_parsed = json.JSONDecoder(parse_float=_as_it_came, parse_int=_as_it_came).decode
"""Numbers stay as they were written: not all of them are Python's."""


def _walked(value: Any, rename: Callable[[str], str]) -> Any:
    """Contents and content blocks are lists of objects, at most three levels apart; nothing else is looked into."""
    if isinstance(value, list):
        return [_walked(one, rename) for one in value]
    if not isinstance(value, dict):
        return value
    changed = dict(value)
    if isinstance(changed.get("uri"), str) and changed.get("type", "resource_link") == "resource_link":
        changed["uri"] = rename(changed["uri"])
    for inner in ("content", "resource"):
        if isinstance(changed.get(inner), dict | list):
            changed[inner] = _walked(changed[inner], rename)
    return changed
