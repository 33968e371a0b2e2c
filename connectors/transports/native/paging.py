"""A list that a server gives page by page, to its end, as the server wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from connectors.errors import UpstreamBroken
from connectors.transports.native.answers import as_written
from connectors.transports.native.outgoing import ServerReply
from harriet.lib.json.lenient import plain

MOST_PAGES = 400
MOST_ENTRIES = 20_000
"""Of one list; a server that gives more is broken."""
LARGE_PAGE = 128 * 1024
"""Bytes of a page that a thread reads."""

Ask = Callable[[str, dict[str, Any]], Awaitable[ServerReply]]


async def pages(ask: Ask, method: str, member: str) -> list[Any]:
    """A list ends where no cursor follows, or where the server says again what it said before: some servers end every
    page with an empty cursor, or with the same one. A cursor that should be text is given back as it came."""
    entries: list[Any] = []
    params: dict[str, Any] = {}
    seen: set[int] = set()
    for _ in range(MOST_PAGES):
        result = await _read(await ask(method, params), method)
        page, cursor = _page_in(result, method, member), result.get("nextCursor")
        marks = {hash(repr(one)) for one in page or ("nothing", cursor)}
        if marks <= seen:
            return entries
        seen |= marks
        entries += page
        if cursor is None or cursor is False:
            return entries
        if len(entries) > MOST_ENTRIES:
            break
        params = {"cursor": plain(cursor)}
    raise UpstreamBroken(f"The server's answer to {method} doesn't end (beyond {len(entries)} entries).")


async def _read(reply: ServerReply, method: str) -> dict[str, Any]:
    """A large page is read beside the loop, on which other people's calls run."""
    is_large = reply.message is not None and len(bytes(reply.message.result)) > LARGE_PAGE
    return await asyncio.to_thread(as_written, reply, method) if is_large else as_written(reply, method)


def _page_in(result: dict[str, Any], method: str, member: str) -> list[Any]:
    page = result.get(member, ())
    if page is None:
        return []  # as Go writes a list without entries
    if not isinstance(page, list):
        raise UpstreamBroken(f"The server's answer to {method} is not a list.")
    return page
