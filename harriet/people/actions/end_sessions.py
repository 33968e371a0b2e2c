"""Signs a person out of other browsers than the one that they are at: of one, or of all."""

from __future__ import annotations

from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.events import SessionsEnded
from harriet.people.models import BrowserSession, User
from harriet.people.permissions import check_whole_account


@transaction.atomic
def end_other_sessions(user: User, current: str, only: UUID | None = None, *, actor: Actor) -> int:
    """How many ended; `only` is one of them. The one in use, whose key is `current`, is never ended. Raises
    NotAllowed."""
    check_whole_account(user)
    others = BrowserSession.objects.filter(user=user).exclude(session=current)
    keys = list((others.filter(pk=only) if only else others).values_list("session_id", flat=True))
    ended = Session.objects.filter(pk__in=keys).delete()[1].get(Session._meta.label, 0)
    if ended:
        for membership in user.memberships.filter(is_active=True):
            record(
                SessionsEnded(person=person_label(user), count=ended),
                organization_id=membership.organization_id,
                actor=actor,
            )
    return ended
