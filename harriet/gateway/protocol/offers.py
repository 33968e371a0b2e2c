"""What a profile offers, alike in both eras: capabilities, instructions, and the lists of tools, prompts, resources."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from harriet.gateway.errors import RpcRefusal
from harriet.gateway.policy.listing import PAGE, Listing, after, cursor_after, definition_of, list_page
from harriet.gateway.policy.own_tools import STATUS_TOOL
from harriet.gateway.policy.view import offers_status, why_nothing
from harriet.gateway.protocol.tool_search import CALL_TOOL, DEFINITIONS, SEARCH_TOOLS
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.streams.live_lists import RESOURCES, TEMPLATES, What
from harriet.lib.mcp.error_codes import INVALID_PARAMS
from harriet.lib.mcp.methods import PROMPTS_LIST, TOOLS_LIST


class LivePlace(NamedTuple):
    """In a list that is read live."""

    before: int
    """How many entries came before."""
    last: str
    """The address of the last of them."""


LIVE: dict[str, What] = {what.method: what for what in (RESOURCES, TEMPLATES)}
LISTS = frozenset({TOOLS_LIST, PROMPTS_LIST, *LIVE})


def capabilities(visit: Visit) -> dict[str, Any]:
    """What there is for this caller; a server's own extras only where a server has them."""
    offered = visit.view()
    found: dict[str, Any] = {"tools": {"listChanged": True}}
    if offered.prompts:
        found["prompts"] = {"listChanged": True}
    if offered.resources:
        found["resources"] = {"listChanged": True, "subscribe": True}
    for extra in ("completions", "logging"):
        if any(extra in connector.capabilities for connector in offered.connectors):
            found[extra] = {}
    return found


def instructions(visit: Visit) -> str:
    """Said at the beginning of a session. Nothing to see comes with its reason."""
    nothing = why_nothing(visit.view(), visit.profile)
    if nothing:
        return nothing
    more = f" {STATUS_TOOL} says where it stands." if offers_status(visit.view()) else ""
    if visit.profile.is_progressive:
        more += f" Find tools with {SEARCH_TOOLS} and call them with {CALL_TOOL}."
    return (
        f"Tools of {visit.snapshot.facts.name}, profile {visit.profile.name}, governed by Harriet. A call may wait "
        f"for a person's approval; it then answers with a ticket, and the same call repeated collects the result.{more}"
    )


async def listed(visit: Visit, method: str, params: dict[str, Any], *, is_older: bool) -> dict[str, Any]:
    """One page of a list, for clients up to 2025-11-25 or since. Raises RpcRefusal."""
    cursor = params.get("cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise RpcRefusal(INVALID_PARAMS, "The cursor must be text that an earlier page named.")
    if method in LIVE:
        return await _live_page(visit, LIVE[method], cursor, is_older)
    if method == PROMPTS_LIST:
        return _page("prompts", visit.view().prompt_listing, cursor, is_older)
    listing = visit.view().tool_listing
    if visit.profile.is_progressive:
        own = (definition_of(listing, name, is_older=is_older) for name in listing.names if listing.grants[name].is_own)
        return {"tools": [msgspec.Raw(one) for one in (*DEFINITIONS, *own)]}
    return _page("tools", listing, cursor, is_older)


def _page(member: str, listing: Listing, cursor: str | None, is_older: bool) -> dict[str, Any]:
    definitions, following = list_page(listing, cursor, is_older=is_older)
    page: dict[str, Any] = {member: [msgspec.Raw(one) for one in definitions]}
    if following is not None:
        page["nextCursor"] = following
    return page


async def _live_page(visit: Visit, what: What, cursor: str | None, is_older: bool) -> dict[str, Any]:
    lists = visit.runtime.lists
    entries = await lists.shown(
        visit.view(), visit.snapshot, visit.profile, what, user_id=visit.principal.user_id, has_sessions=is_older
    )
    start = 0 if cursor is None else _start_of(after(cursor, LivePlace), [entry[what.address] for entry in entries])
    page: dict[str, Any] = {what.member: entries[start : start + PAGE]}
    end = start + PAGE
    if end < len(entries):
        page["nextCursor"] = cursor_after(LivePlace(end, entries[end - 1][what.address]))
    return page


def _start_of(place: LivePlace, addresses: list[str]) -> int:
    """After the same entry, wherever the server has it by now; where it was when it is gone."""
    if 0 < place.before <= len(addresses) and addresses[place.before - 1] == place.last:
        return place.before
    return addresses.index(place.last) + 1 if place.last in addresses else max(place.before - 1, 0)
