"""The lists of tools and prompts that a client gets, page by page: order, definitions, cursors between pages."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from harriet.gateway.errors import RpcRefusal
from harriet.gateway.policy.grant import Grant
from harriet.lib.mcp.error_codes import INVALID_PARAMS

PAGE = 200
"""Entries per page of a list. Many clients never ask for a second page."""


class ListPlace(NamedTuple):
    """Of a tool in a list."""

    connector: str
    """The slug."""
    position: int
    """Where the server has it."""
    shown_name: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Tools or prompts in the order in which they are listed: connector by connector, each as its server lists them."""

    grants: dict[str, Grant]
    names: list[str]
    places: list[ListPlace]
    """Of each name, for going on after it."""
    definitions: dict[str, bytes] = field(default_factory=dict)
    """As JSON, those that are shown otherwise than they are pinned; made when they are first listed."""
    older: dict[str, bytes] = field(default_factory=dict)
    """The same for clients up to 2025-11-25, those of them that differ once more."""


def listing_of(grants: dict[str, Grant]) -> Listing:
    """In the order of connectors' short names, then of their servers."""
    rows = ((grant.tool, name) for name, grant in grants.items())
    places = sorted(ListPlace(row.connector.slug, row.position, name) for row, name in rows)
    return Listing(grants, [place.shown_name for place in places], places)


def list_page(listing: Listing, cursor: str | None, *, is_older: bool) -> tuple[list[bytes], str | None]:
    """One page of definitions and the cursor of the next page; `is_older` for clients up to 2025-11-25. Raises
    RpcRefusal for a cursor not of ours."""
    start = 0 if cursor is None else bisect_right(listing.places, after(cursor, ListPlace))
    names, end = listing.names[start : start + PAGE], start + PAGE
    following = cursor_after(listing.places[end - 1]) if end < len(listing.names) else None
    return [definition_of(listing, name, is_older=is_older) for name in names], following


def definition_of(listing: Listing, name: str, *, is_older: bool = False) -> bytes:
    """The JSON that clients see: under its shown name, with a word where calls wait for approval."""
    row, is_held = listing.grants[name].tool, listing.grants[name].may_wait
    raw = row.pinned.in_sessions.older if is_older else row.pinned.raw
    if name == row.name and not is_held:
        return raw  # most tools keep their names: then all views share their bytes
    kept = listing.older if is_older and raw is not row.pinned.raw else listing.definitions
    found = kept.get(name)
    if found is None:
        definition = {**json.loads(raw), "name": name}
        if is_held:
            # Clients throw away a result that doesn't fit the schema: the one that names a ticket never would.
            definition.pop("outputSchema", None)
        found = kept[name] = json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode()
    return found


def cursor_after(place: Any) -> str:
    """Names the last entry of a page, so that the next begins behind it whatever has changed."""
    return base64.urlsafe_b64encode(b"after:" + msgspec.json.encode(place)).decode()


def after(cursor: str, kind: Any) -> Any:
    """The place that a cursor of ours names. Raises RpcRefusal."""
    try:
        mark, _, place = base64.urlsafe_b64decode(cursor.encode()).partition(b":")
        if mark == b"after":
            return msgspec.json.decode(place, type=kind)
    except ValueError:  # msgspec's errors are some, too
        pass
    raise RpcRefusal(INVALID_PARAMS, "This cursor is not one of ours. List again from the beginning.")
