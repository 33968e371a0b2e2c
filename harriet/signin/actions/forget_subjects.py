"""What a company's sign-in said of people is forgotten, and what it was exchanged for ends: they signed out or left."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit.actor import Actor
from harriet.people.endings import Ending
from harriet.people.models import Membership
from harriet.signin.models import SubjectToken
from vault.actions.end_grants import end_exchanged


@transaction.atomic
def forget_subjects(memberships: Iterable[Membership], *, actor: Actor) -> None:
    """The ends of what was exchanged are the vault's events."""
    for membership in memberships:
        SubjectToken.objects.filter(membership=membership).delete()
        end_exchanged(membership.organization_id, membership.user_id, actor=actor)


def forget_subject_of_person(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`; the vault ends all grants there by itself."""
    mine = SubjectToken.objects.filter(membership__organization=ending.organization_id)
    mine.filter(membership__user=ending.user_id).delete()
