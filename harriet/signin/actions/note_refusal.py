"""Notes that the directory asked for something that is refused, and tells the owners, who alone can mend it."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.tell_people import tell_people
from harriet.people.actors import person_label
from harriet.people.models import Membership
from harriet.people.notifications.kinds import SIGN_IN, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Role
from harriet.signin.events import DirectoryRefused


@transaction.atomic
def note_refusal(membership: Membership, why: str, *, actor: Actor) -> None:
    """Once in each inbox, however often the directory tries again; each try is in the log."""
    record(
        DirectoryRefused(person=person_label(membership.user), reason=why),
        organization_id=membership.organization_id,
        actor=actor,
    )
    text = f"The directory wants to end the access of {membership.user.email}, which Harriet refused: {why}"
    path = reverse("people:detail", args=[membership.pk])
    matter = Matter(SIGN_IN, membership.organization_id, f"directory refused {membership.pk}", text, path)
    tell_people(matter, with_roles(membership.organization_id, [Role.OWNER]))
