"""What a company's sign-in said of people is forgotten, and what it was exchanged for ends: they signed out or
left, or their provider is trusted no more."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit.actor import Actor
from harriet.people.endings import Ending
from harriet.people.models import Membership
from harriet.signin.models import IdentityProvider, SubjectToken
from vault.actions.end_grants import end_sign_ins


@transaction.atomic
def forget_subjects(memberships: Iterable[Membership], *, actor: Actor) -> None:
    """The ends of what was exchanged are the vault's events."""
    by_organization: dict[UUID, list[Membership]] = {}
    for membership in memberships:
        by_organization.setdefault(membership.organization_id, []).append(membership)
    for organization_id, theirs in by_organization.items():
        SubjectToken.objects.filter(membership__in=theirs).delete()
        end_sign_ins(organization_id, [one.user_id for one in theirs], actor=actor)


def forget_subjects_of(provider: IdentityProvider, *, actor: Actor) -> None:
    """Of everybody whom it spoke for: its word counts no more, or was given to another client than Harriet is now."""
    kept = SubjectToken.objects.filter(provider=provider).values("membership")
    mine = Membership.objects.filter(organization=provider.organization_id)
    forget_subjects(mine.filter(Q(pk__in=kept) | Q(identity__provider_id=provider.pk)), actor=actor)


def forget_subject_of_person(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`; the vault ends all grants there by itself."""
    mine = SubjectToken.objects.filter(membership__organization=ending.organization_id)
    mine.filter(membership__user=ending.user_id).delete()
