"""Runs an approved call from its row: the process that holds its client's request did not, or there is none."""

from __future__ import annotations

from functools import partial

from approvals.actions.invalidate_action import invalidate_action
from approvals.held_call import StoredCall
from audit.actor import SYSTEM
from harriet.gateway.call import run_call
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import GatewayError
from harriet.gateway.processes.database import in_database
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.approved import run_approved
from harriet.gateway.steps.edited import call_of
from harriet.gateway.steps.request import Call
from harriet.lib.json.canonical import parse_strict


async def run_stored(stored: StoredCall, runtime: Runtime, *, if_ended: str) -> Fields | None:
    """With the caller's rights of today; None when somebody else has it. Raises GatewayError, with `if_ended` where
    those rights are over, when it may not run any more; and Stopped, which leaves it as it is."""
    call = await _call_again(stored, runtime)
    if call is None:
        await in_database(invalidate_action, stored.action_id, if_ended, actor=SYSTEM)
        raise GatewayError(if_ended)
    run, keep = partial(run_call, runtime=runtime), runtime.running.keep
    return await run_approved(stored.action_id, stored.binding, call, stored.tool_id, run, keep, runtime.stops)


async def _call_again(stored: StoredCall, runtime: Runtime) -> Call | None:
    snapshot = await runtime.start_for(stored.organization_id)
    if snapshot is None:
        return None
    call = await in_database(call_of, stored, parse_strict(stored.arguments), snapshot)
    if call is None or call.principal.expires_at <= runtime.snapshots.now():
        return None
    return call
