"""What Celery runs for the gateway: approved calls that no web process took (the client went away, or its process did),
the runs of workflows, and the forgetting of old sessions."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from functools import partial
from uuid import UUID

from celery import shared_task

from approvals.actions.invalidate_action import invalidate_action
from approvals.held_call import StoredCall
from approvals.queries import approved_call, left_over
from audit.actor import SYSTEM
from harriet.gateway.actions.forget_old_sessions import forget_old_sessions
from harriet.gateway.call import run_call
from harriet.gateway.errors import GatewayError, Stopped
from harriet.gateway.processes.database import in_database
from harriet.gateway.runs.execute import work_at
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.approved import run_approved
from harriet.gateway.steps.edited import call_of
from harriet.gateway.steps.request import Call

log = logging.getLogger(__name__)

LEFT_OVER = timedelta(seconds=3)
"""After the decision; by then a process that still holds the request has taken the call."""


@shared_task(name="gateway.run_approved_actions")
def run_approved_actions() -> None:
    """Runs approved calls that were left over: their direct trigger was lost."""
    for action_id in left_over(LEFT_OVER):
        run_approved_action(str(action_id))


@shared_task(name="gateway.run_approved_action")
def run_approved_action(action_id: str) -> None:
    """Runs an approved call, unless the process that holds its client's request did."""
    asyncio.run(_run(UUID(action_id)))


@shared_task(name="gateway.advance_run", acks_late=False)
def advance_run_task(run_id: str) -> None:
    """Goes on with a run of a workflow, for as long as there is something to do. Due rows are looked for all the time,
    so a message that is lost is sent again, and need not be kept until the task has ended."""
    asyncio.run(work_at(UUID(run_id)))


async def _run(action_id: UUID) -> None:
    stored = await in_database(approved_call, action_id)
    if stored is None:
        return
    if stored.run_id is not None:
        await work_at(stored.run_id)
        return
    runtime = Runtime()
    try:
        call = await _call_again(stored, runtime)
        run, keep = partial(run_call, runtime=runtime), runtime.running.keep
        await run_approved(action_id, stored.binding, call, stored.tool_id, run, keep, runtime.stops)
    except Stopped:
        log.info("An approved call waits until an emergency stop is released, or it expires.")
    except GatewayError as problem:
        await in_database(invalidate_action, action_id, problem.message, actor=SYSTEM)
    finally:
        await runtime.stop()


async def _call_again(stored: StoredCall, runtime: Runtime) -> Call:
    """The stored call with the caller's rights of today. Raises GatewayError when they have ended."""
    snapshot = await runtime.start_for(stored.organization_id)
    call = call_of(stored, json.loads(stored.arguments), snapshot) if snapshot is not None else None
    if call is None or call.principal.expires_at <= runtime.snapshots.now():
        raise GatewayError("The caller's access ended before the call could run.")
    return call


@shared_task(name="connectors.forget_old_sessions")
def forget_old_sessions_task() -> None:
    """Client sessions that nobody used for a week. The name is older than the task's place here: queues and schedules
    know it."""
    forget_old_sessions()
