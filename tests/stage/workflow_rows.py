"""A workflow with a step of each kind, and a run of it that waits for a reply: rows for pages to show."""

from __future__ import annotations

from approvals.actions.save_workflow import Definition, create_workflow, switch_workflow
from approvals.actions.schedule_runs import schedule_runs
from approvals.actions.start_run import start_run
from approvals.models import RunStep, Workflow, WorkflowRun
from connectors.models import Profile, Tool
from harriet.people.models import Membership
from tests.stage.cast import Cast


def make_workflow(cast: Cast) -> tuple[Workflow, WorkflowRun]:
    """The same ones when they are there already."""
    found = WorkflowRun.objects.select_related("workflow", "ticket").filter(organization=cast.acme).first()
    if found is not None and found.workflow is not None:
        return found.workflow, found
    profile = Profile.objects.get(organization=cast.acme, slug="work")
    tool = Tool.objects.get(organization=cast.acme, connector__slug="crm", kind=Tool.Kind.TOOL, name="send_mail")
    steps = [
        {"name": "ask", "kind": "reply", "question": "Which offer goes to {{ inputs.customer }}?"},
        {"name": "pause", "kind": "until", "until": "2 days"},
        {"name": "enough", "kind": "stop", "condition": "inputs.amount > 1000.0", "because": "Too much."},
        {
            "name": "send",
            "kind": "call",
            "tool": str(tool.pk),
            "tool_label": "CRM: send_mail",
            "arguments": {"to": "=inputs.customer", "text": "Offer {{ steps.ask.reply }}"},
        },
    ]
    inputs = [
        {"name": "customer", "label": "Customer", "type": "text", "required": True},
        {"name": "amount", "label": "Amount", "type": "number", "required": False},
    ]
    alice = cast.actor(cast.alice)
    said = Definition("Send an offer", profile, inputs, steps, "An offer to a customer, after somebody chose one.")
    workflow = create_workflow(cast.acme, said, actor=alice)
    switch_workflow(workflow, Workflow.State.ACTIVE, actor=alice)
    workflow.refresh_from_db()
    dana = Membership.objects.select_related("user").get(user=cast.dana, organization=cast.acme)
    given = {"customer": "max@example.test", "amount": 12}
    run = start_run(workflow, dana, given, origin=WorkflowRun.Origin.PAGE, actor=cast.actor(cast.dana))
    schedule_runs(workflow, dana, "0 9 * * 1", "Europe/Vienna", given, actor=cast.actor(cast.dana))
    WorkflowRun.objects.filter(pk=run.pk).update(state=WorkflowRun.State.WAITING, due_at=None)
    RunStep.objects.create(
        run=run, position=0, name="ask", kind="reply", attempt=1, state=RunStep.State.WAITING, reason="Which offer?"
    )
    return workflow, run
