"""Answer a report of odd behaviour; whoever made it hears."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

from approvals.answerers import may_answer
from approvals.errors import ApprovalError, NotYours, TooLate
from approvals.events import ReportAnswered
from approvals.models import Report, Ticket
from approvals.webhooks.outbox import settle_for_webhooks
from audit.actor import Actor
from audit.record import record
from harriet.people.actions.notice_person import notice_person
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actors import person_label
from harriet.people.notifications.kinds import ANSWERS
from harriet.people.permissions import membership_of_actor

LONGEST = 2000


@transaction.atomic
def answer_report(report: Report, answer: str, *, actor: Actor) -> None:
    """Once. Raises ApprovalError without words, NotYours or TooLate."""
    membership = membership_of_actor(actor, report.organization)
    if membership is None or not may_answer(report, membership):
        raise NotYours("The connector's owner and those who manage connectors answer reports.")
    text = answer.strip()
    if not text:
        raise ApprovalError("Say what came of it: whoever reported it is told.", field="answer")
    if len(text) > LONGEST:
        raise ApprovalError(f"Say it in at most {LONGEST} characters; this is {len(text)}.", field="answer")
    told = {"answer": text, "answered_by": membership.user, "answered_by_label": str(membership.user)}
    waiting = Report.objects.filter(pk=report.pk, state=Report.State.OPEN)
    if not waiting.update(state=Report.State.RESOLVED, answered_at=Now(), **told):
        raise TooLate("Somebody else has answered this report in the meantime. Reload the ticket to see how.")
    Ticket.objects.filter(pk=report.ticket_id).update(is_open=False)
    settle_matter(report.organization_id, report.notice_key)
    settle_for_webhooks(report.organization_id, report.notice_key)
    path = reverse("tickets:detail", args=[report.ticket.number])
    line = f"{membership.user} answered your report on ticket #{report.ticket.number}: {text}"[:300]
    key = f"{report.notice_key} answered"
    notice_person(report.reporter, report.organization, line, path, key, mail=False, kind=ANSWERS)
    record(
        ReportAnswered(person=person_label(report.reporter), ticket=report.ticket.as_label(), reason=text),
        organization_id=report.organization_id,
        actor=actor,
    )
