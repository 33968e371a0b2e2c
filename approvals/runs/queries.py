"""Which workflows somebody may start, and where a step stands."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from approvals.models import RunSchedule, RunStep, Workflow
from connectors.queries import profiles_for
from harriet.people.models import Membership, Organization
from harriet.people.permissions import has_power
from harriet.people.roles import Power


def is_step_sent(step_id: UUID) -> bool:
    """Whether a call of it has left, and nobody has said yet what became of it."""
    return RunStep.objects.filter(pk=step_id, state=RunStep.State.SENDING).exists()


def workflows_of(organization: Organization) -> QuerySet[Workflow]:
    return Workflow.objects.filter(organization=organization).select_related("profile").order_by("name", "pk")


def workflows_for(membership: Membership) -> QuerySet[Workflow]:
    """Those that the person may start."""
    mine = profiles_for(membership).order_by().values("pk")
    return workflows_of(membership.organization).filter(state=Workflow.State.ACTIVE, profile__in=mine)


def schedules_for(membership: Membership) -> QuerySet[RunSchedule]:
    """The person's own, and all for those who manage connectors; the newest first."""
    schedules = RunSchedule.objects.filter(organization=membership.organization_id)
    if not has_power(membership, Power.MANAGE_CONNECTORS):
        schedules = schedules.filter(user=membership.user_id)
    return schedules.select_related("workflow", "user", "organization").order_by("-created_at", "-pk")
