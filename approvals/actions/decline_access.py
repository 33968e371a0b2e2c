"""Say no to a request for access; the person hears why."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.answer_access import answer_once, check_may_answer, tell_asker
from approvals.actions.request_access import SOMETHING
from approvals.errors import ApprovalError
from approvals.events import AccessDeclined
from approvals.models import AccessRequest
from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label


@transaction.atomic
def decline_access(request: AccessRequest, reason: str, *, actor: Actor) -> None:
    """Raises ApprovalError without a reason, NotYours or TooLate."""
    who = check_may_answer(request, actor)
    text = " ".join(reason.split())
    if not text:
        raise ApprovalError("Say why: the person who asked is told.", field="reason")
    answer_once(request, AccessRequest.State.DECLINED, text, who)
    what = request.connector_label or SOMETHING
    tell_asker(request, f"{who.email} declined your request for access to {what}: {text}")
    record(
        AccessDeclined(
            person=person_label(request.person),
            ticket=request.ticket.as_label(),
            what=what,
            reason=text,
        ),
        organization_id=request.organization_id,
        actor=actor,
    )
