"""Lets a run go on with what somebody said on its ticket, if it waits for that. No event when it doesn't."""

from __future__ import annotations

from approvals.actions.end_run import go_on, pass_step
from approvals.actions.run_events import write_run_event
from approvals.events import RunReplied
from approvals.models import RunStep, Ticket, WorkflowRun
from approvals.runs.sealed import SealedParts
from audit.actor import Actor
from harriet.people.models import Membership


def hear_reply(ticket: Ticket, text: str, membership: Membership, *, actor: Actor) -> bool:
    """In the transaction in which it was said. True when the run goes on with it."""
    runs = WorkflowRun.objects.select_for_update(of=("self",), no_key=True)
    waiting = runs.filter(ticket=ticket.pk, state=WorkflowRun.State.WAITING)
    run = waiting.select_related("ticket", "user", "organization").first()
    step = asking_step(run) if run is not None else None
    if run is None or step is None:
        return False
    RunStep.objects.filter(pk=step.pk).update(replied_by=membership.user_id)
    said = {"reply": text, "by": membership.user.email, "result": text, "text": text}
    pass_step(run, step, said, SealedParts.of(run))
    write_run_event(RunReplied, run, actor=actor, step=step.name)
    go_on(run)
    return True


def asking_step(run: WorkflowRun) -> RunStep | None:
    """The step that waits for a reply."""
    step = RunStep.objects.filter(run=run, position=run.cursor).order_by("-attempt").first()
    return step if step is not None and step.kind == "reply" and step.state == RunStep.State.WAITING else None
