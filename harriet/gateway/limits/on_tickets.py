"""Which calls stand on tickets already, in organizations with limits.

The same call, repeated to collect its result, is the call of its ticket: no limit refuses it, and in the next minute,
when there is room again, it is no new one that runs at once. A person decides on it, once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from time import monotonic
from typing import Protocol
from uuid import UUID

from django.db import Error as DatabaseError

from approvals.queries import standing_calls
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.processes.background import LastingTask
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.bound import as_shown, bound_to
from harriet.gateway.steps.request import Call

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds."""
OWN_FOR = 10.0
"""Seconds for which this process remembers a call that it sent to a ticket itself; by then the database was read."""


class _Known(Protocol):
    by_slug: dict[str, Snapshot]


class CallsOnTickets:
    """Looked up by the tool first, so that a call of another one costs nothing but that."""

    def __init__(self, snapshots: _Known) -> None:
        self._snapshots = snapshots
        self._standing: dict[UUID, set[bytes]] = {}
        self._own: dict[UUID, dict[bytes, float]] = {}
        self._task = LastingTask()

    def start(self) -> None:
        self._task.start(self._run())

    async def stop(self) -> None:
        await self._task.stop()

    def holds(self, call: Call, grant: Grant) -> bool:
        standing, own = self._standing.get(grant.tool.id), self._own.get(grant.tool.id)
        if not standing and not own:
            return False
        bound = bound_to(as_shown(call), grant)
        return bound in (standing or ()) or bound in (own or ())

    def add(self, call: Call, grant: Grant) -> None:
        """It stands on a ticket since this moment, and others may not know that yet."""
        self._own.setdefault(grant.tool.id, {})[bound_to(as_shown(call), grant)] = monotonic() + OWN_FOR

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self._look([one.facts.id for one in self._snapshots.by_slug.values() if one.limits.watches_tickets])

    async def _look(self, organization_ids: list[UUID]) -> None:
        try:
            found = await in_database(standing_calls, organization_ids) if organization_ids else ()
        except (DatabaseError, OSError) as problem:
            log.warning("Which calls stand on tickets could not be read (%s).", type(problem).__name__)
            return
        self._standing = _by_tool(found)
        now = monotonic()
        for tool_id, calls in list(self._own.items()):
            self._own[tool_id] = {bound: until for bound, until in calls.items() if until > now}
            if not self._own[tool_id]:
                del self._own[tool_id]


def _by_tool(found: Iterable[tuple[UUID, bytes]]) -> dict[UUID, set[bytes]]:
    by_tool: dict[UUID, set[bytes]] = {}
    for tool_id, bound in found:
        by_tool.setdefault(tool_id, set()).add(bound)
    return by_tool
