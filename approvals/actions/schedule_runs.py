"""Have a workflow run again and again, as oneself; or no longer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from approvals.actions.start_run import check_may_start
from approvals.errors import ApprovalError, TooMany
from approvals.events import RunsScheduled, RunsUnscheduled
from approvals.models import RunSchedule, Workflow
from approvals.runs.definition import checked_inputs
from approvals.runs.sealed import SealedParts
from approvals.runs.steps.base import StepProblem
from approvals.runs.times import next_time
from audit.actor import Actor
from audit.record import record
from harriet.lib.ids import new_id
from harriet.lib.json.canonical import canonical_bytes
from harriet.people.actors import person_behind, person_label
from harriet.people.models import Membership
from harriet.people.permissions import demand
from harriet.people.roles import Power

MOST = 50
"""Of one person."""


@transaction.atomic
def schedule_runs(
    workflow: Workflow, membership: Membership, cron: str, time_zone: str, inputs: Mapping[str, Any], *, actor: Actor
) -> RunSchedule:
    """Raises ApprovalError beside the field or the input, TooMany, NotAllowed for whoever is not that person."""
    check_may_start(workflow, membership, actor)
    try:
        given = checked_inputs(workflow.inputs, inputs)
        due = next_time(cron, time_zone, timezone.now())
    except StepProblem as problem:
        raise ApprovalError(problem.message, field=problem.field) from None
    mine = RunSchedule.objects.filter(organization=membership.organization_id, user=membership.user_id)
    if mine.count() >= MOST:
        raise TooMany(f"You have {MOST} schedules already. Stop one that you need no longer.")
    schedule_id = new_id()
    parts = SealedParts(membership.organization_id, schedule_id, membership.user_id)
    schedule = RunSchedule.objects.create(
        id=schedule_id,
        organization_id=membership.organization_id,
        workflow=workflow,
        user=membership.user,
        cron=" ".join(cron.split()),
        time_zone=time_zone,
        sealed_inputs=parts.seal(schedule_id, "inputs", canonical_bytes(given)),
        due_at=due,
    )
    happened = RunsScheduled(
        person=person_label(membership.user), workflow=workflow.name, when=f"{schedule.cron} ({time_zone})"
    )
    record(happened, organization_id=membership.organization_id, actor=actor)
    return schedule


@transaction.atomic
def unschedule_runs(schedule: RunSchedule, *, actor: Actor) -> None:
    """One's own, or another's as who manages connectors. Runs under way go on. Raises NotAllowed."""
    who = person_behind(actor)
    if who is None or who.pk != schedule.user_id:
        demand(actor, schedule.organization, Power.MANAGE_CONNECTORS)
    happened = RunsUnscheduled(person=person_label(schedule.user), workflow=schedule.workflow.name)
    record(happened, organization_id=schedule.organization_id, actor=actor)
    schedule.delete()
