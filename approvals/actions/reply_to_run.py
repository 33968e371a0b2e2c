"""Answer what a run asks on its ticket: a comment there, with which it goes on."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from approvals.actions.comment_ticket import comment_ticket
from approvals.actions.hear_reply import asking_step
from approvals.errors import ApprovalError, TooLate
from approvals.models import WorkflowRun
from audit.actor import Actor

ASKS_NOTHING = "The run asks for no reply now. Reload the page to see how it stands."
ASKS_ELSE = "Somebody has answered this already, and the run asks something else now: read that first."


@transaction.atomic
def reply_to_run(run: WorkflowRun, text: str, *, step_id: UUID | None = None, actor: Actor) -> None:
    """One at a time: of two replies to one question the first is taken. `step_id`: of the question that was read.
    Raises TooLate when that or nothing is asked any more, ApprovalError beside the field, NotYours for who doesn't see
    the run."""
    rows = WorkflowRun.objects.select_for_update(of=("self",), no_key=True)
    waiting = rows.filter(pk=run.pk, state=WorkflowRun.State.WAITING).first()
    step = asking_step(waiting) if waiting is not None else None
    if step is None:
        raise TooLate(ASKS_NOTHING)
    if step_id not in (None, step.pk):
        raise TooLate(ASKS_ELSE)
    try:
        comment_ticket(run.ticket, text, actor=actor)
    except ApprovalError as problem:
        raise ApprovalError(problem.message, field="reply" if problem.field == "text" else "") from None
