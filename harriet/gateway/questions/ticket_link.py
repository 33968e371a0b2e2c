"""Step ④, for a call on which its own person may decide: they are shown the ticket's address, by whatever way their
client has for that (URL elicitation).

Only then: to everybody else a window that opens in the middle of their work brings nothing that they could do there.
And once, with the request that opened the ticket. The address proves nothing: whoever opens it signs in, and sees what
is theirs; nothing is decided by opening it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

import msgspec

from approvals.held_call import Held
from approvals.lifecycle import State
from approvals.queries import may_asker_decide, states_of
from harriet.gateway.errors import TicketToOpen
from harriet.gateway.processes.database import in_database
from harriet.gateway.questions.rules import may_be_asked
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.ticket import link_to, ticket_of
from harriet.lib.ids import new_id
from harriet.lib.mcp.methods import ELICITATION_CREATE
from harriet.lib.mcp.notifications import ELICITATION_COMPLETE

_SAYS = "This call needs your approval (ticket #{}). Open the page to see exactly what will be sent, and decide."


@asynccontextmanager
async def link_shown(held: Held, call: Call) -> AsyncIterator[None]:
    """While the block waits for the decision, the person has the address; a client of 2026-07-28 has answered before it
    begins. Raises TicketToOpen for a client that can show it and can't be asked in this request."""
    if not await _is_theirs(held, call):
        yield
        return
    named = str(new_id()) if call.speaks_sessions else ""
    params = _params(held, named)
    if not may_be_asked(call.asker.capabilities, ELICITATION_CREATE, msgspec.json.encode(params)):
        raise TicketToOpen(params["message"], [params], ticket_of(held))
    asking = asyncio.create_task(call.asker.ask(ELICITATION_CREATE, msgspec.json.encode(params)))
    try:
        if not call.asker.is_inline:
            await asking  # its answer is the next request, which then waits
            call.began = monotonic()
        yield
    finally:
        await _ended(asking)
        if not isinstance(sys.exception(), asyncio.CancelledError):
            await _tell_complete(held, call, named)


def _params(held: Held, named: str) -> dict[str, Any]:
    asked = {"mode": "url", "message": _SAYS.format(held.ticket_number), "url": link_to(held)}
    return {**asked, "elicitationId": named} if named else asked


async def _is_theirs(held: Held, call: Call) -> bool:
    """The client can show it, and there is something that its person can do there now."""
    if not held.is_new or held.state != State.WAITING or not _can_show(held, call):
        return False
    return await in_database(may_asker_decide, held.action_id)


def _can_show(held: Held, call: Call) -> bool:
    params = msgspec.json.encode(_params(held, "id" if call.speaks_sessions else ""))
    declared = call.declared if call.speaks_sessions else call.asker.capabilities
    return may_be_asked(declared or {}, ELICITATION_CREATE, params)


async def _ended(asking: asyncio.Task[bytes]) -> None:
    """Whatever was answered, and whether anything was, decides nothing."""
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


async def _tell_complete(held: Held, call: Call, named: str) -> None:
    """Once it is decided: clients close their window by it, and may call again (SPEC 2025-11-25 client/elicitation)."""
    if not named or call.stream.is_gone:
        return
    if (await in_database(states_of, [held.action_id])).get(held.action_id) != State.WAITING:
        said = {"jsonrpc": "2.0", "method": ELICITATION_COMPLETE, "params": {"elicitationId": named}}
        await call.stream.notify(msgspec.json.encode(said))
