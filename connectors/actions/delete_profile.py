"""Delete a profile: its address is gone, and the tokens that opened only it are revoked."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from audit.actor import Actor
from audit.record import record
from connectors.audit_labels import profile_label
from connectors.events import ProfileDeleted
from connectors.models import Profile
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.models import AccessToken
from harriet.people.notifications.keys import about_profile
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def delete_profile(profile: Profile, *, actor: Actor) -> int:
    """How many tokens were revoked with it."""
    organization = profile.organization
    demand(actor, organization, Power.MANAGE_PROFILES)
    tokens = list(bound_tokens(profile))
    for token in tokens:
        revoke_token(token, actor=actor)
    if Profile.objects.filter(pk=profile.pk).delete()[0]:
        happened = ProfileDeleted(profile=profile_label(profile), tokens=len(tokens))
        record(happened, organization_id=organization.id, actor=actor)
        settle_matters(organization.id, about_profile(profile.pk))
        move_version(organization.id)
    return len(tokens)


def bound_tokens(profile: Profile) -> QuerySet[AccessToken]:
    """Tokens that open this profile alone, which its deletion revokes."""
    found = AccessToken.objects.filter(organization=profile.organization_id, profile_id=profile.pk, revoked_at=None)
    return found.select_related("user", "device").order_by("name", "pk")
