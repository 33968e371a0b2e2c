"""Has somebody go on with a run: the row says that it is due, and a worker is asked. Losing the message loses nothing:
due rows are looked for all the time."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from approvals.models import PendingAction, WorkflowRun
from approvals.runs.leases import OPEN

log = logging.getLogger(__name__)

TASK = "gateway.advance_run"
_DECIDED = [
    state
    for state in PendingAction.State
    if state not in (PendingAction.State.WAITING, PendingAction.State.EXECUTING, PendingAction.State.COLLECTED)
]


def wake_run(run_id: UUID) -> None:
    """At the end of the transaction."""
    if WorkflowRun.objects.filter(pk=run_id, state__in=OPEN).update(due_at=Now(), queued_at=Now()):
        transaction.on_commit(lambda: ask_worker(run_id))


def wake_run_of(action_id: UUID, state: str) -> None:
    """The run that waits for a held call, once something became of that."""
    if state in _DECIDED:
        run = WorkflowRun.objects.filter(attempts__pending_action=action_id).values_list("pk", flat=True).first()
        if run is not None:
            wake_run(run)


def ask_worker(run_id: UUID) -> bool:
    """False while Redis is out of reach."""
    try:
        current_app.send_task(TASK, [str(run_id)])
    except OperationalError:
        log.warning("Redis is out of reach; run %s is found by the schedule.", run_id)
        return False
    return True
