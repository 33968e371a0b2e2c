"""Take back a request for access of one's own, while nobody has answered it."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.answer_access import answer_once
from approvals.actions.request_access import SOMETHING
from approvals.errors import NotYours
from approvals.events import AccessRequestWithdrawn
from approvals.models import AccessRequest
from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label


@transaction.atomic
def withdraw_request(request: AccessRequest, *, actor: Actor) -> None:
    """Whoever could answer is no longer asked. Raises NotYours or TooLate."""
    if actor.kind != "person" or actor.id != request.person_id:
        raise NotYours("Only the person who asked for access withdraws the request.")
    answer_once(request, AccessRequest.State.WITHDRAWN, "", request.person)
    record(
        AccessRequestWithdrawn(
            person=person_label(request.person),
            ticket=request.ticket.as_label(),
            what=request.connector_label or SOMETHING,
        ),
        organization_id=request.organization_id,
        actor=actor,
    )
