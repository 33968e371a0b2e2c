"""Whether what a person allowed a client still holds: asked for each new token, never remembered."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from connectors.models import Profile
from connectors.queries import profiles_for
from harriet.people.models import Membership, Organization, User
from harriet.people.queries import has_lapsed
from harriet.signin.models import Application, ConnectedApp
from harriet.signin.protocol.addresses import profile_slug_in


def profile_behind(app: ConnectedApp | None, now: datetime) -> Profile | None:
    """The profile that the app may still use; None when it, the person's place or the consent has ended, and while the
    person's clients wait for their next single sign-on: a client that is refused here leads them to it, one that got
    another token would be refused by the gateway and give up. Inside a transaction the membership is held, so that an
    off-boarding of this moment comes before or after, never between."""
    if app is None or app.ended_at is not None or app.expires_at <= now or app.device.revoked_at is not None:
        return None
    if app.application.standing != Application.Standing.ALLOWED:
        return None
    membership = active_member(app.organization, app.user)
    if membership is None or has_lapsed(membership):
        return None
    return profiles_for(membership).filter(pk=app.profile_id).first()


def active_member(organization: Organization, user: User) -> Membership | None:
    found = Membership.objects.filter(organization=organization, user=user, is_active=True, user__is_active=True)
    if transaction.get_connection().in_atomic_block:
        found = found.select_for_update(of=("self",), no_key=True)
    return found.first()


def is_resource_of(profile: Profile, resources: list[str]) -> bool:
    """Whether the `resource` parameters of a token request name this profile and no other; none at all does, too."""
    return all(profile_slug_in(resource, profile.organization.slug) == profile.slug for resource in resources)
