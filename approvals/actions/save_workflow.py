"""Make a workflow, change it, switch it on or off, or delete it. Whoever manages connectors does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import slugify

from approvals.errors import ApprovalError
from approvals.events import WorkflowDeleted, WorkflowSaved, WorkflowSwitched
from approvals.models import Workflow
from approvals.runs.definition import Fault, faults_of_inputs, faults_of_steps
from approvals.runs.profile_tools import tools_of_profile
from audit.actor import Actor
from audit.record import record
from connectors.models import Profile
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class Definition:
    """What is saved of a workflow."""

    name: str
    profile: Profile | None
    inputs: Sequence[dict[str, Any]]
    steps: Sequence[dict[str, Any]]
    description: str = ""


class WrongDefinition(ApprovalError):
    """What is wrong with it, input by input and step by step."""

    def __init__(self, message: str, inputs: Sequence[Fault] = (), steps: Sequence[Fault] = (), *, field: str = ""):
        super().__init__(message, field=field)
        self.inputs, self.steps = tuple(inputs), tuple(steps)


@transaction.atomic
def create_workflow(organization: Organization, said: Definition, *, slug: str = "", actor: Actor) -> Workflow:
    """A draft. Raises WrongDefinition, or NotAllowed."""
    demand(actor, organization, Power.MANAGE_CONNECTORS)
    _check(organization, said)
    workflow = Workflow(organization=organization, slug=_free_slug(organization, slug or said.name))
    _fill(workflow, said)
    workflow.save()
    _record_saved(workflow, actor)
    return workflow


@transaction.atomic
def change_workflow(workflow: Workflow, said: Definition, *, actor: Actor) -> bool:
    """False when nothing is different. Runs under way keep what they were started with. Raises WrongDefinition."""
    demand(actor, workflow.organization, Power.MANAGE_CONNECTORS)
    workflow = Workflow.objects.select_for_update(of=("self",)).select_related("organization").get(pk=workflow.pk)
    _check(workflow.organization, said)
    before = _content(workflow)
    _fill(workflow, said)
    if _content(workflow) == before:
        return False
    workflow.version += 1
    workflow.save()
    Workflow.objects.filter(pk=workflow.pk).update(changed_at=Now())
    _record_saved(workflow, actor)
    return True


@transaction.atomic
def switch_workflow(workflow: Workflow, state: str, *, actor: Actor) -> None:
    """On, off, or back to a draft. Raises WrongDefinition for one that can't be started as it stands."""
    demand(actor, workflow.organization, Power.MANAGE_CONNECTORS)
    if state == Workflow.State.ACTIVE:
        if not workflow.steps:
            raise WrongDefinition("A workflow needs at least one step before it can be switched on.")
        _check(workflow.organization, definition_of(workflow))
    if not Workflow.objects.filter(pk=workflow.pk).exclude(state=state).update(state=state, changed_at=Now()):
        return
    happened = WorkflowSwitched(workflow=workflow.name, state=state)
    record(happened, organization_id=workflow.organization_id, actor=actor)


@transaction.atomic
def delete_workflow(workflow: Workflow, *, actor: Actor) -> None:
    demand(actor, workflow.organization, Power.MANAGE_CONNECTORS)
    record(WorkflowDeleted(workflow=workflow.name), organization_id=workflow.organization_id, actor=actor)
    workflow.delete()


def definition_of(workflow: Workflow) -> Definition:
    return Definition(workflow.name, workflow.profile, workflow.inputs, workflow.steps, workflow.description)


def _check(organization: Organization, said: Definition) -> None:
    """A workflow without steps is a draft that is being made."""
    if not said.name.strip() or len(said.name) > 80:
        raise WrongDefinition("Give it a name of at most 80 characters.", field="name")
    if len(said.description) > 500:
        raise WrongDefinition("Describe it in at most 500 characters.", field="description")
    if said.profile is None or said.profile.organization_id != organization.pk:
        raise WrongDefinition("Choose the profile whose tools the workflow calls.", field="profile")
    inputs = faults_of_inputs(said.inputs)
    named = [str(step.get("tool", "")) for step in said.steps if isinstance(step, Mapping)]
    steps = faults_of_steps(said.steps, said.inputs, tools_of_profile(said.profile, named)) if said.steps else []
    if inputs or steps:
        raise WrongDefinition((inputs + steps)[0].message, inputs, steps)


def _fill(workflow: Workflow, said: Definition) -> None:
    workflow.name, workflow.description = said.name.strip(), said.description.strip()
    workflow.profile, workflow.inputs, workflow.steps = said.profile, list(said.inputs), list(said.steps)


def _content(workflow: Workflow) -> tuple[Any, ...]:
    return workflow.name, workflow.description, workflow.profile_id, workflow.inputs, workflow.steps


def _record_saved(workflow: Workflow, actor: Actor) -> None:
    names = [str(step["name"]) for step in workflow.steps]
    happened = WorkflowSaved(workflow=workflow.name, version=workflow.version, steps=names)
    record(happened, organization_id=workflow.organization_id, actor=actor)


def _free_slug(organization: Organization, wanted: str) -> str:
    base = slugify(wanted)[:50] or "workflow"
    taken = set(
        Workflow.objects.filter(organization=organization, slug__startswith=base).values_list("slug", flat=True)
    )
    return next(slug for slug in (base, *(f"{base}-{at}" for at in range(2, 1000))) if slug not in taken)
