"""Start a run of a workflow, for oneself, on a ticket of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.run_events import write_run_event
from approvals.errors import ApprovalError, TooMany
from approvals.events import RunStarted
from approvals.models import Workflow, WorkflowRun
from approvals.runs.definition import checked_inputs
from approvals.runs.leases import OPEN
from approvals.runs.sealed import SealedParts
from approvals.runs.steps.base import StepProblem
from approvals.runs.waking import wake_run
from approvals.ticket_numbers import next_ticket, one_at_a_time
from audit.actor import Actor
from connectors.queries import profiles_for
from harriet.lib.ids import new_id
from harriet.lib.json.canonical import canonical_bytes
from harriet.people.actors import person_behind
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership
from harriet.people.trust import Trust

MOST_OPEN = 200
"""Runs of one person that are under way at once."""


@transaction.atomic
def start_run(
    workflow: Workflow, membership: Membership, inputs: Mapping[str, Any], *, origin: str, trust: str = "", actor: Actor
) -> WorkflowRun:
    """`trust`: of its calls, where that is stricter than the profile's. Raises ApprovalError, beside the input when one
    is wrong; TooMany; NotAllowed for whoever is not that person."""
    check_may_start(workflow, membership, actor)
    try:
        given = checked_inputs(workflow.inputs, inputs)
    except StepProblem as problem:
        raise ApprovalError(problem.message, field=problem.field) from None
    if trust not in ("", *Trust.values):
        raise ApprovalError("There is no such trust level.", field="trust")
    one_at_a_time(membership.organization_id)
    _check_room(membership)
    run = _create(workflow, membership, given, origin, trust)
    write_run_event(RunStarted, run, actor=actor, version=run.version)
    wake_run(run.pk)
    return run


def check_may_start(workflow: Workflow, membership: Membership, actor: Actor) -> None:
    """Raises ApprovalError, or NotAllowed for whoever is not that person."""
    who = membership.user if actor.kind == "system" else person_behind(actor)
    if who is None or who.pk != membership.user_id or not membership.is_active:
        raise NotAllowed("People start runs for themselves: every call of a run is made as its person.")
    if workflow.organization_id != membership.organization_id or workflow.state != Workflow.State.ACTIVE:
        raise ApprovalError(f"{workflow.name} is not switched on, so no run was started. Ask your IT team.")
    if not workflow.profile_id or not profiles_for(membership).filter(pk=workflow.profile_id).exists():
        raise ApprovalError(
            f"{workflow.name} uses the tools of a profile that is not yours, so no run was started. Ask your IT team."
        )


def _check_room(membership: Membership) -> None:
    mine = WorkflowRun.objects.filter(user=membership.user_id, organization=membership.organization_id, state__in=OPEN)
    if mine.count() >= MOST_OPEN:
        raise TooMany(f"{MOST_OPEN} of your runs are under way already. Wait until some are done, or cancel some.")


def _create(
    workflow: Workflow, membership: Membership, inputs: Mapping[str, Any], origin: str, trust: str
) -> WorkflowRun:
    user, run_id = membership.user, new_id()
    ticket = next_ticket(membership.organization_id, f"Workflow: {workflow.name}", user.pk, user.email)
    parts = SealedParts(membership.organization_id, run_id, user.pk)
    return WorkflowRun.objects.create(
        id=run_id,
        organization_id=membership.organization_id,
        ticket=ticket,
        workflow=workflow,
        name=workflow.name,
        version=workflow.version,
        steps=workflow.steps,
        profile_id=workflow.profile_id,
        user=user,
        caller_label=user.email,
        origin=origin,
        trust=trust,
        sealed_inputs=parts.seal(run_id, "inputs", canonical_bytes(inputs)),
        due_at=Now(),
    )
