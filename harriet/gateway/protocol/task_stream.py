"""Tasks on a `subscriptions/listen`: their client hears of each change (notifications/tasks) without asking again and
again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError

from approvals.queries import states_of
from harriet.gateway.errors import RpcRefusal, Stopped
from harriet.gateway.processes.database import in_database
from harriet.gateway.protocol.task_requests import detailed_task
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.steps.task import UNDER_WAY, action_of
from harriet.gateway.streams.listening_client import ListeningClient
from harriet.lib.mcp.error_codes import INVALID_PARAMS
from harriet.lib.mcp.notifications import LISTENED_TASKS, TASKS

MOST_TASKS = 64
"""In one subscriptions/listen: as many calls of one person wait at once, and some."""


def wanted_tasks(visit: Visit, notifications: dict[str, Any]) -> dict[UUID, str]:
    """Those of the caller's own, by the row that each is; what else was named is passed over. Raises RpcRefusal."""
    named = notifications.get(LISTENED_TASKS, [])
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named) or len(named) > MOST_TASKS:
        raise RpcRefusal(INVALID_PARAMS, f"taskIds is a list of at most {MOST_TASKS} ids of tasks.")
    found = ((action_of(one, visit.snapshot, visit.principal, visit.profile), one) for one in named)
    return {action_id: one for action_id, one in found if action_id is not None}


@asynccontextmanager
async def telling(visit: Visit, listener: ListeningClient, tasks: dict[UUID, str]) -> AsyncIterator[None]:
    """Tells of them while the block runs."""
    if not tasks:
        yield
        return
    task = asyncio.create_task(_tell(visit, listener, set(tasks)))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _tell(visit: Visit, listener: ListeningClient, tasks: set[UUID]) -> None:
    """Begins with where each stands: what happened between its answer and this is not missed. Ends with the last."""
    told: dict[UUID, str] = {}
    with visit.runtime.holding.listeners.on(*tasks) as event:
        while tasks:
            with suppress(DatabaseError):  # away for now: whatever moves next wakes this again
                for action_id, state in (await in_database(states_of, tasks)).items():
                    if told.get(action_id) != state:
                        told[action_id] = state
                        await _tell_of(visit, listener, action_id)
                tasks = {one for one in tasks if told.get(one) in UNDER_WAY}
            if tasks:
                await event.wait()
                event.clear()


async def _tell_of(visit: Visit, listener: ListeningClient, action_id: UUID) -> None:
    with suppress(Stopped):  # its client may ask again once the stop is released
        found = await detailed_task(visit, action_id, listener.client)
        if found is not None:
            listener.tell(TASKS, found)
