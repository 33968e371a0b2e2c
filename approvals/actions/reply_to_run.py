"""Answer what a run asks on its ticket: a comment there, with which it goes on."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.comment_ticket import comment_ticket
from approvals.actions.hear_reply import asking_step
from approvals.errors import ApprovalError, TooLate
from approvals.models import WorkflowRun
from audit.actor import Actor


@transaction.atomic
def reply_to_run(run: WorkflowRun, text: str, *, actor: Actor) -> None:
    """Raises ApprovalError beside the field, TooLate when nothing is asked, NotYours for who doesn't see the run."""
    waiting = WorkflowRun.objects.filter(pk=run.pk, state=WorkflowRun.State.WAITING).first()
    if waiting is None or asking_step(waiting) is None:
        raise TooLate("The run asks for no reply now. Reload the page to see how it stands.")
    try:
        comment_ticket(run.ticket, text, actor=actor)
    except ApprovalError as problem:
        raise ApprovalError(problem.message, field="reply" if problem.field == "text" else "") from None
