"""Ask for tools that one does not have: the request goes on a ticket, which whoever looks after them answers."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from approvals.answerers import answerers_of
from approvals.errors import ApprovalError, TooMany
from approvals.events import AccessAsked
from approvals.models import AccessRequest, Ticket
from approvals.ticket_numbers import next_ticket, one_at_a_time
from approvals.webhooks.outbox import tell_webhooks
from audit.actor import Actor
from audit.record import record
from connectors.models import Connector
from harriet.people.actions.tell_people import tell_people
from harriet.people.actors import person_label
from harriet.people.errors import NotAllowed, NotFound
from harriet.people.models import Membership
from harriet.people.notifications.kinds import REQUESTS, Matter

MOST_OPEN = 10
"""Requests of one person that wait for an answer: those who answer are not to be flooded."""
LONGEST_NEED = 500
SOMETHING = "something new"


@transaction.atomic
def request_access(membership: Membership, connector: Connector | None, need: str, *, actor: Actor) -> AccessRequest:
    """For oneself. Raises ApprovalError beside the field, TooMany, NotFound for a connector that is not active here."""
    if actor.kind != "person" or actor.id != membership.user_id or not membership.is_active:
        raise NotAllowed("People ask for access themselves.")
    if connector is not None and not _is_offered(connector, membership):
        raise NotFound("There is no such connector here.")
    one_at_a_time(membership.organization_id)
    wanted = _cleaned(need)
    _check_room(membership, connector, wanted)
    request = _put_on_a_ticket(membership, connector, wanted)
    _tell(request)
    record(
        AccessAsked(
            person=person_label(membership.user),
            ticket=request.ticket.as_label(),
            what=request.connector_label or SOMETHING,
            reason=wanted,
        ),
        organization_id=membership.organization_id,
        actor=actor,
    )
    return request


def _is_offered(connector: Connector, membership: Membership) -> bool:
    is_approved = connector.review == Connector.Standing.APPROVED
    is_here = connector.organization_id == membership.organization_id
    return is_here and is_approved and connector.state == Connector.State.ACTIVE


def _cleaned(need: str) -> str:
    text = " ".join(need.split())
    if not text:
        raise ApprovalError("Say what you need it for: whoever decides can't guess it.", field="need")
    if len(text) > LONGEST_NEED:
        raise ApprovalError(f"Say it in at most {LONGEST_NEED} characters; this is {len(text)}.", field="need")
    return text


def _check_room(membership: Membership, connector: Connector | None, need: str) -> None:
    """One thing is asked for once: a connector, or in the same words what nobody has named."""
    mine = AccessRequest.objects.filter(
        organization=membership.organization_id, person=membership.user_id, state=AccessRequest.State.OPEN
    ).select_related("ticket")
    same = mine.filter(connector=connector, **({} if connector else {"need": need})).first()
    if same is not None:
        raise ApprovalError(
            f"You have asked for {connector or 'this'} already: ticket #{same.ticket.number} waits for an answer."
        )
    if mine.count() >= MOST_OPEN:
        raise TooMany(f"{MOST_OPEN} of your requests wait for an answer already. Wait until some are answered.")


def _put_on_a_ticket(membership: Membership, connector: Connector | None, need: str) -> AccessRequest:
    person = membership.user
    name = connector.name if connector else ""
    title = f"Access to {name or SOMETHING}"
    ticket: Ticket = next_ticket(membership.organization_id, title, person.pk, person.email)
    return AccessRequest.objects.create(
        organization=membership.organization,
        ticket=ticket,
        person=person,
        connector=connector,
        connector_label=name,
        need=need,
    )


def _tell(request: AccessRequest) -> None:
    text = f"{request.person} asks for access to {request.connector_label or SOMETHING}: {request.need}"
    path = reverse("tickets:detail", args=[request.ticket.number])
    matter = Matter(REQUESTS, request.organization_id, request.notice_key, text, path)
    tell_people(matter, answerers_of(request.organization_id, request.connector))
    tell_webhooks(matter)
