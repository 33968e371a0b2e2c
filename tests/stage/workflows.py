"""Workflows of stories: what Alice makes, what Dana starts, and a worker that goes on with it here."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from approvals.actions.approve_action import approve_action
from approvals.actions.save_workflow import Definition, create_workflow, switch_workflow
from approvals.actions.start_run import start_run
from approvals.models import PendingAction, RunStep, Workflow, WorkflowRun
from approvals.runs.leases import OPEN
from connectors.models import Tool
from harriet.gateway.tasks import advance_run_task
from harriet.people.models import Membership, User
from tests.stage.office import Office

Json = dict[str, Any]


class Desk:
    """Dana's office, and a workflow with the tools of it."""

    def __init__(self, office: Office) -> None:
        self.office, self.cast = office, office.cast

    def step(self, name: str, tool: str, **arguments: Any) -> Json:
        """A call of one of the office's tools."""
        row = self.office.tools[tool]
        return {"name": name, "kind": "call", "tool": str(row.pk), "tool_label": f"CRM: {tool}", "arguments": arguments}

    def workflow(self, *steps: Json, inputs: list[Json] | None = None, name: str = "Onboarding") -> Workflow:
        """Switched on."""
        alice = self.cast.actor(self.cast.alice)
        said = Definition(name, self.office.work, inputs or [], list(steps))
        made = create_workflow(self.cast.acme, said, actor=alice)
        switch_workflow(made, Workflow.State.ACTIVE, actor=alice)
        made.refresh_from_db()
        return made

    def start(self, workflow: Workflow, *, who: User | None = None, trust: str = "", **inputs: Any) -> WorkflowRun:
        """As Dana, or somebody else of Sales."""
        user = who or self.cast.dana
        member = Membership.objects.select_related("user").get(user=user, organization=self.cast.acme)
        return start_run(workflow, member, inputs, origin="page", trust=trust, actor=self.cast.actor(user))

    def confirm(self, tool: str) -> None:
        """The tool requires confirmation from now on."""
        Tool.objects.filter(pk=self.office.tool_id(tool)).update(requires_confirmation=True)
        self.office.changed()

    def approve_all(self) -> None:
        for action in PendingAction.objects.select_related("ticket").filter(state="waiting"):
            approve_action(action, actor=self.cast.actor(self.cast.bob))


def work() -> None:
    """What a worker does: all that is due."""
    due = WorkflowRun.objects.filter(lease=None, due_at__lte=Now(), state__in=OPEN)
    while found := list(due.values_list("pk", flat=True)):
        for run_id in found:
            advance_run_task(str(run_id))


def now(run: WorkflowRun) -> WorkflowRun:
    return WorkflowRun.objects.select_related("ticket", "user", "organization").get(pk=run.pk)


def steps_of(run: WorkflowRun) -> list[tuple[str, str]]:
    """Each attempt's name and state."""
    found = RunStep.objects.filter(run=run).order_by("position", "attempt")
    return [(step.name, step.state) for step in found]
