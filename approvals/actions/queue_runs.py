"""Ask workers to go on with the runs that are due. The rows say which: no message waits for a moment to come."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from approvals.models import WorkflowRun
from approvals.runs.leases import OPEN
from approvals.runs.waking import ask_worker

BATCH = 200
ASK_AGAIN = timedelta(seconds=30)
"""After which a worker that was asked is taken to have lost the message. Asked twice, one of them finds nothing."""


def queue_runs() -> int:
    """How many were asked for. Safe to run in several workers at once."""
    found = _due()
    return sum(ask_worker(run_id) for run_id in found)


@transaction.atomic
def _due() -> list[UUID]:
    """Those that no worker was asked about lately, which is noted; the longest due come first."""
    asked = Q(queued_at=None) | Q(queued_at__lt=Now() - ASK_AGAIN)
    due = WorkflowRun.objects.filter(asked, lease=None, due_at__lte=Now(), state__in=OPEN).order_by("due_at")
    found = list(due.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:BATCH])
    WorkflowRun.objects.filter(pk__in=found).update(queued_at=Now())
    return found
