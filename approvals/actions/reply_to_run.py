"""Answer what a run asked on its ticket; it goes on with the answer."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.end_run import go_on, pass_step
from approvals.actions.run_events import write_run_event
from approvals.errors import ApprovalError, TooLate
from approvals.events import RunReplied
from approvals.models import RunStep, WorkflowRun
from approvals.runs.sealed import SealedParts
from audit.actor import Actor
from harriet.people.errors import NotFound
from harriet.people.models import Membership

LONGEST = 4000


@transaction.atomic
def reply_to_run(run: WorkflowRun, text: str, membership: Membership, *, actor: Actor) -> None:
    """By somebody who sees the run. Raises ApprovalError beside the field, or TooLate when nothing is asked."""
    said = text.strip()
    if not said:
        raise ApprovalError("Write a reply: the run goes on with it.", field="reply")
    if len(said) > LONGEST:
        raise ApprovalError(f"Reply in at most {LONGEST} characters; this has {len(said)}.", field="reply")
    locked, step = _asking(run)
    reply = {"reply": said, "by": membership.user.email, "result": said, "text": said}
    pass_step(locked, step, reply, SealedParts.of(locked))
    write_run_event(RunReplied, locked, actor=actor, step=step.name)
    go_on(locked)


def _asking(run: WorkflowRun) -> tuple[WorkflowRun, RunStep]:
    runs = WorkflowRun.objects.select_for_update(of=("self",), no_key=True)
    locked = runs.select_related("ticket", "user", "organization").filter(pk=run.pk).first()
    if locked is None:
        raise NotFound("There is no such run.")
    step = RunStep.objects.filter(run=locked, position=locked.cursor).order_by("-attempt").first()
    if locked.state != WorkflowRun.State.WAITING or step is None or step.kind != "reply":
        raise TooLate("The run asks for no reply now. Reload the page to see how it stands.")
    return locked, step
