"""Report something odd about a call: it goes on a ticket for the admins, and may pause the connector at once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from approvals.answerers import hear_of_reports
from approvals.errors import ApprovalError, NotYours, TooMany
from approvals.events import BehaviourReported
from approvals.models import Report, Ticket
from approvals.queries import sees
from approvals.ticket_numbers import next_ticket, one_at_a_time
from approvals.webhooks.outbox import tell_webhooks
from audit.actor import Actor
from audit.models import Event
from audit.record import record
from connectors.actions.pause_connector import pause_connector
from connectors.models import Connector
from harriet.people.actions.tell_people import tell_people
from harriet.people.models import Membership
from harriet.people.notifications.kinds import REPORTS, Matter
from harriet.people.permissions import has_power, membership_of_actor
from harriet.people.roles import Power

LONGEST = 2000
MOST_OPEN = 20
"""Reports of one person that wait for an answer: those who answer are not to be flooded."""
NOT_YOURS = "You see no such call, so you can't report it."


@dataclass(frozen=True, slots=True)
class About:
    """The call: on a ticket, or by an event in the log, or both unknown."""

    ticket: Ticket | None = None
    event: Event | None = None

    @property
    def connector_id(self) -> UUID | None:
        action = getattr(self.ticket, "action", None)
        if action is not None:
            return UUID(str(action.connector_id))
        return self.event.connector_id if self.event is not None else None

    @property
    def tool_label(self) -> str:
        action = getattr(self.ticket, "action", None)
        if action is not None:
            return str(action.tool)
        tool = self.event.fields.get("tool") if self.event is not None else None
        return str(tool["label"]) if tool else ""


@transaction.atomic
def report_behaviour(membership: Membership, about: About, text: str, *, pause: bool = False, actor: Actor) -> Report:
    """By whoever sees the call, in the pages or with a personal token. `pause` needs the power to manage connectors.
    Raises ApprovalError beside the field, TooMany, NotYours or NotAllowed."""
    acting = membership_of_actor(actor, membership.organization)
    if acting is None or acting.pk != membership.pk or not may_report(membership, about):
        raise NotYours(NOT_YOURS)
    said = text.strip()
    one_at_a_time(membership.organization_id)
    _check(membership, said)
    here = Connector.objects.filter(organization=membership.organization_id)
    connector = here.filter(pk=about.connector_id).first() if about.connector_id else None
    report = _put_on_a_ticket(membership, about, connector, said, actor)
    if pause:
        _pause(report, connector, actor)
    _tell(report)
    _record(report, actor)
    return report


def may_report(membership: Membership, about: About) -> bool:
    """Whether it is a call that they see: on its ticket, in their own activity, or in the whole log."""
    if about.ticket is not None:
        return sees(about.ticket, membership)
    if about.event is None or about.event.organization_id != membership.organization_id:
        return False
    return about.event.person_id == membership.user_id or has_power(membership, Power.VIEW_AUDIT)


def _check(membership: Membership, said: str) -> None:
    if not said:
        raise ApprovalError("Say what is odd: whoever looks into it was not there.", field="text")
    if len(said) > LONGEST:
        raise ApprovalError(f"Say it in at most {LONGEST} characters; this is {len(said)}.", field="text")
    mine = Report.objects.filter(
        organization=membership.organization_id, reporter=membership.user_id, state=Report.State.OPEN
    )
    if mine.count() >= MOST_OPEN:
        raise TooMany(f"{MOST_OPEN} of your reports wait for an answer already. Wait until some are answered.")


def _put_on_a_ticket(
    membership: Membership, about: About, connector: Connector | None, said: str, actor: Actor
) -> Report:
    of = about.tool_label or (connector.name if connector else "")
    title = f"Odd behaviour of {of}" if of else "Odd behaviour"
    ticket = next_ticket(membership.organization_id, title, membership.user_id, actor.label[:200])
    return Report.objects.create(
        organization=membership.organization,
        ticket=ticket,
        reporter=membership.user,
        text=said,
        about=about.ticket,
        event_id=about.event.pk if about.event is not None else None,
        connector=connector,
        connector_label=connector.name if connector else "",
        tool_label=about.tool_label[:200],
    )


def _pause(report: Report, connector: Connector | None, actor: Actor) -> None:
    if connector is None:
        raise ApprovalError("It is not known which connector this is about, so none was paused.", field="pause")
    reason = f"odd behaviour was reported on ticket #{report.ticket.number}."
    report.has_paused = pause_connector(connector, reason=reason, actor=actor)
    report.save(update_fields=["has_paused"])


def _tell(report: Report) -> None:
    paused = f" {report.connector_label} is paused." if report.has_paused else ""
    text = f"{report.reporter} reports: {report.ticket.title}.{paused} {report.text}"
    path = reverse("tickets:detail", args=[report.ticket.number])
    matter = Matter(REPORTS, report.organization_id, report.notice_key, text[:300], path)
    tell_people(matter, hear_of_reports(report))
    # What somebody wrote about it is for those who answer, and not for a chat.
    tell_webhooks(matter._replace(text=f"{report.reporter} reports: {report.ticket.title}.{paused}"[:300]))


def _record(report: Report, actor: Actor) -> None:
    names = [name for name in (report.tool_label, report.connector_label) if name]
    record(
        BehaviourReported(
            ticket=report.ticket.as_label(),
            what=" at ".join(names) or "something",
            about=f"#{report.about.number}" if report.about else "",
            event=report.event_id,
            reason=report.text,
        ),
        organization_id=report.organization_id,
        actor=actor,
    )
