"""Record that somebody rehearsed an emergency stop: nothing but the log changes."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.events import StopDrilled
from harriet.people.models import Organization
from harriet.people.stop_powers import Subject, clean_reason, demand_switch


@transaction.atomic
def record_drill(organization: Organization, subject: Subject, *, ends: str, reason: str, actor: Actor) -> None:
    """Whoever may stop it may rehearse that; a drill takes no fresh sign-in. Raises NotAllowed or PeopleError."""
    demand_switch(organization, subject, has_stepped_up=True, actor=actor)
    why = clean_reason(reason)
    record(StopDrilled(what=subject.words, ends=ends, reason=why), organization_id=organization.pk, actor=actor)
