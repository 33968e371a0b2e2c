"""What the answers to a request for access share: who may give one, that there is one alone, and telling the person."""

from __future__ import annotations

from django.db.models.functions import Now
from django.urls import reverse

from approvals.answerers import may_answer
from approvals.errors import NotYours, TooLate
from approvals.models import AccessRequest, Ticket
from approvals.webhooks.outbox import settle_for_webhooks
from audit.actor import Actor
from harriet.people.actions.notice_person import notice_person
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actors import person_behind
from harriet.people.models import Membership, User
from harriet.people.notifications.kinds import ANSWERS


def check_may_answer(request: AccessRequest, actor: Actor) -> User:
    """The person who answers. Raises NotYours for everybody who may not."""
    who = person_behind(actor) if actor.kind == "person" else None
    membership = Membership.objects.filter(organization=request.organization_id, user=who, is_active=True).first()
    if who is None or membership is None or not may_answer(request, membership):
        raise NotYours("The connector's owner and those who manage connectors answer this request.")
    return who


def answer_once(request: AccessRequest, state: str, answer: str, who: User) -> None:
    """Compare-and-set away from open, in the transaction of the answer. Raises TooLate."""
    waiting = AccessRequest.objects.filter(pk=request.pk, state=AccessRequest.State.OPEN)
    if not waiting.update(state=state, answer=answer, answered_by=who, answered_by_label=str(who), answered_at=Now()):
        raise TooLate("Somebody else has answered this request in the meantime. Reload the ticket to see how.")
    Ticket.objects.filter(pk=request.ticket_id).update(is_open=False)
    settle_matter(request.organization_id, request.notice_key)
    settle_for_webhooks(request.organization_id, request.notice_key)


def tell_asker(request: AccessRequest, text: str) -> None:
    """In their inbox, with the ticket."""
    path = reverse("tickets:detail", args=[request.ticket.number])
    notice_person(
        request.person, request.organization, text, path, f"{request.notice_key} answered", mail=False, kind=ANSWERS
    )
