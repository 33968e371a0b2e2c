"""Keeps a step's call from leaving twice: nothing is sent but by whoever holds the attempt's lease at that moment."""

from __future__ import annotations

from uuid import UUID

from approvals.runs.leases import start_sending
from audit.event_body import NewEvent
from audit.events import CALL_INTENT, CALL_OUTCOME
from audit.writing.writer import AuditWriter
from harriet.gateway.processes.database import in_database
from harriet.lib.errors import Problem

_MAY_HAVE_RUN = frozenset({"timeout", "unknown", "cancelled"})
"""Outcomes after which nobody knows whether the call had an effect."""


class GivenUp(Problem):
    """Somebody else works at this attempt by now, or it was cancelled. Nothing was sent. No answer to anybody: whoever
    holds the attempt says what becomes of it."""


class FencedAudit(AuditWriter):
    """The log of a process that makes one step's call. The intent is durable first; then the attempt is marked as
    sent, or the call stops here; then it leaves. Whoever finds the attempt unmarked knows that nothing left."""

    def __init__(self, conninfo: str, step_id: UUID, lease: UUID) -> None:
        super().__init__(conninfo)
        self._step_id, self._lease = step_id, lease
        self.outcome = ""
        """What became of the call, once that is known."""

    async def write(self, event: NewEvent) -> None:
        await super().write(event)
        if event.code == CALL_INTENT and not await in_database(start_sending, self._step_id, self._lease):
            raise GivenUp("Nothing was sent: somebody else goes on with this run, or it was cancelled.")

    def write_soon(self, event: NewEvent) -> bool:
        if event.code == CALL_OUTCOME:
            self.outcome = event.outcome
        return super().write_soon(event)

    @property
    def may_have_run(self) -> bool:
        return self.outcome in _MAY_HAVE_RUN
