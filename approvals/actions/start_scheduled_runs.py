"""Start the runs whose time has come: one for each schedule, however many times were missed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from approvals.actions.start_run import start_run
from approvals.errors import ApprovalError
from approvals.models import RunSchedule, WorkflowRun
from approvals.runs.sealed import SealedParts
from approvals.runs.times import next_time
from audit.actor import Actor
from harriet.lib.errors import Problem
from harriet.people.actions.notice_person import notice_person
from harriet.people.models import Membership
from harriet.people.notifications.kinds import RUNS

BATCH = 100
_LEFT = "You are not an active member of the organization any more."


def start_scheduled_runs(*, actor: Actor) -> int:
    """How many were looked at. Safe to run in several workers at once."""
    due = RunSchedule.objects.filter(due_at__lte=Now()).order_by("due_at").values_list("pk", flat=True)[:BATCH]
    return sum(_start(schedule_id, actor) for schedule_id in due)


@transaction.atomic
def _start(schedule_id: UUID, actor: Actor) -> bool:
    rows = RunSchedule.objects.select_for_update(of=("self",), skip_locked=True)
    found = rows.select_related("workflow__profile", "user", "organization").filter(pk=schedule_id, due_at__lte=Now())
    schedule = found.first()
    if schedule is None:
        return False
    try:
        with transaction.atomic():
            schedule.last_run = _run(schedule, actor)
            schedule.due_at = next_time(schedule.cron, schedule.time_zone, timezone.now())
    except Problem as problem:
        _stop(schedule, problem.message)
    schedule.save(update_fields=["last_run", "due_at", "problem"])
    return True


def _run(schedule: RunSchedule, actor: Actor) -> WorkflowRun:
    here = Membership.objects.select_related("user", "organization")
    member = here.filter(organization=schedule.organization_id, user=schedule.user_id, is_active=True).first()
    if member is None:
        raise ApprovalError(_LEFT)
    parts = SealedParts(schedule.organization_id, schedule.pk, schedule.user_id)
    inputs = parts.scheduled_inputs_of(schedule)
    return start_run(schedule.workflow, member, inputs, origin=WorkflowRun.Origin.SCHEDULE, actor=actor)


def _stop(schedule: RunSchedule, problem: str) -> None:
    """It would fail again and again: its person hears of it, and starts it anew."""
    schedule.due_at, schedule.problem = None, problem[:500]
    text = f"{schedule.workflow.name} was not started by your schedule, which is stopped: {problem}"
    key = f"schedule {schedule.pk}"
    path = reverse("workflows:runs")
    notice_person(schedule.user, schedule.organization, text, path, key, mail=False, kind=RUNS)
