"""What Celery runs for the gateway: approved calls that no web process took (the client went away, or its process did),
the runs of workflows, and the forgetting of old sessions."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task

from approvals.queries import approved_call, left_over
from harriet.gateway.actions.forget_old_sessions import forget_old_sessions
from harriet.gateway.errors import GatewayError, Stopped
from harriet.gateway.processes.database import in_database
from harriet.gateway.runs.execute import work_at
from harriet.gateway.runs.stored import run_stored
from harriet.gateway.runtime import Runtime

log = logging.getLogger(__name__)

LEFT_OVER = timedelta(seconds=3)
"""After the decision; by then a process that still holds the request has taken the call."""
_ENDED = "The caller's access ended before the call could run."


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
        await run_stored(stored, runtime, if_ended=_ENDED)
    except Stopped:
        log.info("An approved call waits until an emergency stop is released, or it expires.")
    except GatewayError:
        log.info("An approved call may not run any more; its ticket says why.")
    finally:
        await runtime.stop()


@shared_task(name="connectors.forget_old_sessions")
def forget_old_sessions_task() -> None:
    """Client sessions that nobody used for a week. The name is older than the task's place here: queues and schedules
    know it."""
    forget_old_sessions()
