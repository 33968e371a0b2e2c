"""Has somebody go on with a run: the row says that it is due, and a worker is asked. Losing the message loses nothing:
due rows are looked for all the time."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import QuerySet
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


def runs_held_for(actions: QuerySet[PendingAction]) -> list[UUID]:
    """The runs that ask for these calls, held until the transaction ends. Whoever goes on with a run holds it before
    its calls, so whoever moves a call does, too: else each of two would wait for the other."""
    runs = WorkflowRun.objects.filter(attempts__pending_action__in=actions.order_by()).order_by("pk")
    return list(runs.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def wake_runs(run_ids: list[UUID], state: str) -> None:
    """Those that wait for a held call, once something became of that."""
    if state in _DECIDED:
        for run_id in run_ids:
            wake_run(run_id)


def ask_worker(run_id: UUID) -> bool:
    """False while Redis is out of reach."""
    try:
        current_app.send_task(TASK, [str(run_id)])
    except OperationalError:
        log.warning("Redis is out of reach; run %s is found by the schedule.", run_id)
        return False
    return True
