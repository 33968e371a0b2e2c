"""Who works at a run: one process at a time, by a lease that has to be renewed; every move is one compare-and-set.

What decides whether something may have left is `start_sending`: it comes after the intent is in the audit log and
before anything leaves, and only who holds the attempt's lease gets through. So a process that was given up and wakes
again sends nothing, and whoever finds a dead process's attempt knows whether it may have sent something.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from approvals.models import RunStep, WorkflowRun

ALIVE = timedelta(seconds=12)
"""After the last heartbeat, a process that works at a run counts as dead."""
BEAT_EVERY = 2.0
"""Seconds."""

State = RunStep.State
OPEN = [WorkflowRun.State.RUNNING, WorkflowRun.State.WAITING]
STOPPED = [WorkflowRun.State.FAILED, WorkflowRun.State.UNKNOWN]


def claim(run_id: UUID, lease: UUID) -> bool:
    """True for one of those who race for a run that is due."""
    due = WorkflowRun.objects.filter(pk=run_id, lease=None, state__in=OPEN, due_at__lte=Now())
    return bool(due.update(lease=lease, heartbeat_at=Now(), state=WorkflowRun.State.RUNNING))


def beat(run_id: UUID, lease: UUID) -> bool:
    """False when somebody gave the process up meanwhile."""
    return bool(WorkflowRun.objects.filter(pk=run_id, lease=lease).update(heartbeat_at=Now()))


def let_go(run_id: UUID, lease: UUID) -> None:
    """Whoever is asked next may take the run."""
    WorkflowRun.objects.filter(pk=run_id, lease=lease).update(lease=None)


def start_sending(step_id: UUID, lease: UUID) -> bool:
    """From here on something may have left. False when the attempt is somebody else's, or cancelled."""
    mine = RunStep.objects.filter(pk=step_id, lease=lease, state__in=[State.RUNNING, State.WAITING])
    return bool(mine.update(state=State.SENDING, sent_at=Now()))


def dead(most: int) -> QuerySet[WorkflowRun]:
    """Runs whose process has not been heard of, the longest first."""
    return WorkflowRun.objects.filter(lease__isnull=False, heartbeat_at__lt=Now() - ALIVE).order_by("heartbeat_at")[
        :most
    ]
