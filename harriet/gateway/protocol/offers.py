"""What a profile offers, alike in both eras: capabilities, instructions, and the lists of tools, prompts, resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from harriet.gateway.errors import INVALID_PARAMS, RpcRefusal
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import PAGE, Listing, View, after, cursor_after, list_page, why_nothing
from harriet.gateway.protocol import tool_search as progressive
from harriet.gateway.streams.live_lists import RESOURCES, TEMPLATES, What

if TYPE_CHECKING:
    from harriet.gateway.protocol.visit import Visit

LivePlace = tuple[int, str]
"""How many entries came before, and the address of the last."""
LIVE: dict[str, What] = {RESOURCES[0]: RESOURCES, TEMPLATES[0]: TEMPLATES}
LISTS = frozenset({"tools/list", "prompts/list", *LIVE})


def view(visit: Visit) -> View:
    return view_of(visit.snapshot, visit.principal, visit.profile)


def capabilities(visit: Visit) -> dict[str, Any]:
    """What there is for this caller; a server's own extras only where a server has them."""
    offered = view(visit)
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
    nothing = why_nothing(view(visit), visit.principal, visit.profile)
    if nothing:
        return nothing
    more = ""
    if visit.profile.is_progressive:
        more = f" Find tools with {progressive.SEARCH} and call them with {progressive.CALL}."
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
    if method == "prompts/list":
        return _page("prompts", view(visit).prompt_listing, cursor, is_older)
    if visit.profile.is_progressive:
        return {"tools": [msgspec.Raw(one) for one in progressive.DEFINITIONS]}
    return _page("tools", view(visit).tool_listing, cursor, is_older)


def _page(member: str, listing: Listing, cursor: str | None, is_older: bool) -> dict[str, Any]:
    definitions, following = list_page(listing, cursor, is_older=is_older)
    page: dict[str, Any] = {member: [msgspec.Raw(one) for one in definitions]}
    if following is not None:
        page["nextCursor"] = following
    return page


async def _live_page(visit: Visit, what: What, cursor: str | None, is_older: bool) -> dict[str, Any]:
    _, member, address = what
    lists = visit.runtime.lists
    entries = await lists.shown(view(visit), visit.snapshot, visit.profile, what, has_sessions=is_older)
    start = 0 if cursor is None else _start_of(after(cursor, LivePlace), [entry[address] for entry in entries])
    page: dict[str, Any] = {member: entries[start : start + PAGE]}
    end = start + PAGE
    if end < len(entries):
        page["nextCursor"] = cursor_after((end, entries[end - 1][address]))
    return page


def _start_of(place: LivePlace, addresses: list[str]) -> int:
    """After the same entry, wherever the server has it by now; where it was when it is gone."""
    number, last = place
    if 0 < number <= len(addresses) and addresses[number - 1] == last:
        return number
    return addresses.index(last) + 1 if last in addresses else max(number - 1, 0)
