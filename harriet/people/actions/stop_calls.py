"""Stop calls in an emergency: within a second nothing of the subject runs any more, on any process."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.tell_people import tell_people
from harriet.people.actors import person_behind
from harriet.people.errors import PeopleError
from harriet.people.events import StopStarted
from harriet.people.models import Organization, Stop
from harriet.people.notifications.kinds import STOPPED, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Role
from harriet.people.standing_stops import announce
from harriet.people.stop_powers import Subject, clean_reason, clean_told, demand_switch

PAGE = "/settings/emergency-stop/"


def stop_calls(
    organization: Organization,
    subject: Subject,
    *,
    reason: str,
    told: str = "",
    ends: str = "",
    has_stepped_up: bool = False,
    actor: Actor,
) -> Stop:
    """`told` is a line for whoever is refused; `ends` is what was seen under way. The processes end what runs: they are
    told, and look for themselves. Raises NotAllowed, or PeopleError for what is stopped already."""
    demand_switch(organization, subject, has_stepped_up=has_stepped_up, actor=actor)
    why, line = clean_reason(reason), clean_told(told)
    try:
        with transaction.atomic():
            stop = _create(organization, subject, why, line, actor)
            announce(organization.pk)
            record(
                StopStarted(what=subject.words, reason=why, told=line, ends=ends),
                organization_id=organization.pk,
                actor=actor,
            )
            tell_people(matter_of(stop), with_roles(organization.pk, (Role.OWNER, Role.MCP_ADMIN)))
    except IntegrityError:
        raise PeopleError(f"An emergency stop of {subject.words} stands already.") from None
    return stop


def _create(organization: Organization, subject: Subject, why: str, line: str, actor: Actor) -> Stop:
    return Stop.objects.create(
        organization=organization,
        kind=subject.kind,
        subject=subject.text,
        label=subject.label[:200],
        reason=why,
        told=line,
        began_by=person_behind(actor),
        began_by_label=actor.label[:254],
    )


def matter_of(stop: Stop, what_now: str = "") -> Matter:
    """The line in the inboxes of owners and IT admins."""
    words = Subject(stop.kind, stop.subject, stop.label).words
    text = f"Emergency stop: {stop.began_by_label} stopped {words}. {what_now or stop.reason}"
    return Matter(STOPPED, stop.organization_id, f"stop {stop.pk}", text, PAGE)
