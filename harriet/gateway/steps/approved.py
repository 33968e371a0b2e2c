"""A call that a person approved: taken by exactly one, run with the bytes that were approved, collected once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.db import Error as DatabaseError

from approvals.actions.collect_result import collect_result
from approvals.actions.finish_action import finish_action
from approvals.actions.invalidate_action import invalidate_action
from approvals.actions.lose_action import lose_action
from approvals.actions.take_action import take_action
from approvals.binding import what_moved
from approvals.held_call import Held
from approvals.queries import bound_parts_of, is_good
from audit.actor import SYSTEM
from connectors.access.facts import ToolRow
from connectors.models import Connector, Tool
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import GatewayError, OnTicket, Stopped, ToolRefusal, UpstreamSaidError
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import grant_of, may_enter
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.answer import error_result
from harriet.gateway.steps.bound import bound_parts, bound_to
from harriet.gateway.steps.edited import edit_in_words, with_edit_told
from harriet.gateway.steps.error_objects import upstream_error
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.stops import Stops
from harriet.gateway.steps.ticket import ticket_of
from harriet.lib.mcp.error_codes import INTERNAL_ERROR
from harriet.lib.mcp.methods import TOOLS_CALL

log = logging.getLogger(__name__)

T = TypeVar("T")
Run = Callable[[Call, Grant], Awaitable[Fields]]
"""The rest of the governed call, from ⑤ on."""
Keep = Callable[[asyncio.Task[Any]], None]
"""Has a process wait for a task before it ends."""

CHANGED = "What was approved is no longer what would be sent: {}. Call again to ask anew."
_KEPT_ERROR = "harriet/error"
KEPT_RPC_ERROR = "harriet/rpcError"
"""Of what is kept, beside its words for a tool's result: the JSON-RPC error with which the server answered."""
_DECODE = msgspec.json.Decoder(Fields).decode


async def run_approved(
    action_id: UUID, agreed: bytes, call: Call, tool_id: UUID, run: Run, keep: Keep, stops: Stops
) -> Fields | None:
    """Claims an approved call, runs it and keeps the answer; None when somebody else has it. From the claim on it goes
    to its end even when whoever waits for it goes away. Raises ToolRefusal when it no longer is what was approved, and
    Stopped, with the call left as it is, while an emergency stop stands."""
    grant = await _checked(action_id, agreed, call, tool_id)
    stops.check(call, grant)
    task = asyncio.create_task(_take_and_run(action_id, call, grant, run))
    keep(task)
    return await _shielded(task)


async def _take_and_run(action_id: UUID, call: Call, grant: Grant, run: Run) -> Fields | None:
    if not await in_database(take_action, action_id, actor=SYSTEM):
        return None
    try:
        result = await run(call, grant)
        for own in (_KEPT_ERROR, KEPT_RPC_ERROR):
            result.pop(own, None)  # a server doesn't say what Harriet keeps
    except Stopped as problem:
        if problem.is_outcome_open:
            await in_database(lose_action, action_id, reason=problem.reason, actor=SYSTEM)
            raise
        result = _kept_error(problem.message, call)
    except UpstreamSaidError as problem:
        said = f"The server refused the call: {problem.error.decode(errors='replace')}"
        error = msgspec.json.encode(upstream_error(problem, is_modern=True))
        result = {**_kept_error(said, call), KEPT_RPC_ERROR: msgspec.Raw(error)}
    except GatewayError as problem:
        result = _kept_error(problem.message, call)
    result = with_edit_told(result, call)
    try:
        await in_database(finish_action, action_id, msgspec.json.encode(result), actor=SYSTEM)
    except DatabaseError:
        log.exception("The result of an approved call could not be kept; it goes to whoever waits for it.")
    return result


def _kept_error(message: str, call: Call) -> Fields:
    """What went wrong, kept for whoever collects it. Only tools have results that say so."""
    if call.method == TOOLS_CALL:
        return error_result(ToolRefusal(message))
    told = f"{edit_in_words(call.edited)} {message}" if call.edited else message
    return {_KEPT_ERROR: msgspec.Raw(msgspec.json.encode(told))}


async def collected(held: Held, *, is_task: bool = False) -> Fields | None:
    """The answer of a call that ran; None when another request has it. Raises OnTicket with an error that was kept."""
    kept = await in_database(collect_result, held.action_id, is_task=is_task, actor=SYSTEM)
    if kept is None:
        return None
    fields = _DECODE(kept)
    fields.pop(KEPT_RPC_ERROR, None)
    if _KEPT_ERROR in fields:
        raise OnTicket(INTERNAL_ERROR, msgspec.json.decode(fields[_KEPT_ERROR], type=str), ticket_of(held))
    return fields


async def _checked(action_id: UUID, agreed: bytes, call: Call, tool_id: UUID) -> Grant:
    """The grant as it stands now, for exactly what was approved."""
    grant, reason = _grant_now(call, tool_id)
    if grant is not None:
        if bound_to(call, grant) != agreed:
            reason = what_moved(await in_database(bound_parts_of, action_id), bound_parts(call, grant))
        elif await in_database(is_good, action_id):
            return grant
        else:
            reason = "the time of the approval is over"
    await in_database(invalidate_action, action_id, f"{reason[:1].upper()}{reason[1:]}.", actor=SYSTEM)
    raise ToolRefusal(CHANGED.format(reason))


def _grant_now(call: Call, tool_id: UUID) -> tuple[Grant | None, str]:
    if not may_enter(call.principal, call.profile):
        return None, "this profile is no longer the caller's"
    view = view_of(call.snapshot, call.principal, call.profile)
    grant = grant_of(view, tool_id)
    return grant, "" if grant else _why_gone(call.snapshot.facts.tools.get(tool_id))


def _why_gone(row: ToolRow | None) -> str:
    """In words of whoever asked for it."""
    if row is None or row.facts.state == Tool.State.REMOVED:
        return "the tool is no longer offered"
    if row.facts.connector_state != Connector.State.ACTIVE:
        return f"{row.connector.name} is switched off for now"
    if row.facts.state != Tool.State.PINNED:
        return "the tool's definition has changed, and waits for your IT team"
    return "the caller may no longer call this tool" if row.facts.is_enabled else "the tool was switched off"


async def _shielded(task: asyncio.Task[T]) -> T:
    """Waits for work that must end even when whoever waits for it goes away."""
    task.add_done_callback(_look_at)
    return await asyncio.shield(task)


def _look_at(task: asyncio.Task[Any]) -> None:
    """Keeps asyncio from calling an error unheard that was heard, or that nobody is left to hear."""
    if not task.cancelled():
        task.exception()
