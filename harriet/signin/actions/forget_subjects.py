"""What a company's sign-in said of people is forgotten, and what it was exchanged for ends: they signed out or left."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from audit.actor import Actor
from harriet.people.endings import Ending
from harriet.people.models import Membership
from harriet.signin.models import IdentityProvider, SubjectToken
from vault.actions.end_grants import end_exchanged
from vault.models import OAuthGrant


@transaction.atomic
def forget_subjects(memberships: Iterable[Membership], *, actor: Actor) -> None:
    """The ends of what was exchanged are the vault's events."""
    for membership in memberships:
        SubjectToken.objects.filter(membership=membership).delete()
        end_exchanged(membership.organization_id, membership.user_id, actor=actor)


def forget_subjects_of_provider(provider: IdentityProvider, *, actor: Actor) -> None:
    """Of everybody whom it has asserted: it says nothing any more that could be exchanged."""
    exchanged = OAuthGrant.objects.filter(
        organization=provider.organization_id, renewed_by=OAuthGrant.RenewedBy.EXCHANGE
    ).exclude(state=OAuthGrant.State.REVOKED)
    has_any = Q(user__in=exchanged.values("user")) | Q(pk__in=SubjectToken.objects.values("membership"))
    known = Membership.objects.filter(organization=provider.organization_id, identity__provider_id=provider.pk)
    forget_subjects(known.filter(has_any).order_by("pk"), actor=actor)
    SubjectToken.objects.filter(provider=provider).delete()


def forget_subject_of_person(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`; the vault ends all grants there by itself."""
    mine = SubjectToken.objects.filter(membership__organization=ending.organization_id)
    mine.filter(membership__user=ending.user_id).delete()
