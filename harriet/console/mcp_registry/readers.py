"""Who reads the registry, and which profiles that one sees: as the organization set it."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from connectors.models import Profile
from connectors.queries import approved_profiles, profiles_for
from harriet.people.models import AccessToken, Agent, Group, Organization
from harriet.people.queries import live_tokens, membership_of
from harriet.people.tokens import hash_token


class NoRegistry(Exception):
    """There is none for anybody: switched off, or no such organization."""


class NeedsToken(Exception):
    """Whoever asks has to prove that they belong to the organization."""


def readable_profiles(request: HttpRequest, organization: Organization | None) -> QuerySet[Profile]:
    """Approved ones. Raises NoRegistry or NeedsToken."""
    if organization is None or organization.registry == Organization.Registry.OFF:
        raise NoRegistry
    approved = approved_profiles(organization)
    if organization.registry == Organization.Registry.OPEN:
        return approved
    token = _token_of(request, organization)
    if token is None:
        raise NeedsToken
    if token.profile_id:
        approved = approved.filter(pk=token.profile_id)
    return approved.filter(pk__in=_reach_of(token, organization).order_by().values("pk"))


def _token_of(request: HttpRequest, organization: Organization) -> AccessToken | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return live_tokens().filter(organization=organization, token_hash=hash_token(text.strip())).first()


def _reach_of(token: AccessToken, organization: Organization) -> QuerySet[Profile]:
    """What its person has; of a shared key or an agent, what its groups have."""
    if token.user is not None:
        membership = membership_of(token.user, organization)
        is_there = membership is not None and not (token.device and token.device.revoked_at)
        return profiles_for(membership) if membership and is_there else Profile.objects.none()
    groups: QuerySet[Group] = token.groups.all()
    if token.agent_id:
        groups = Group.objects.filter(agents__in=Agent.objects.filter(pk=token.agent_id, state=Agent.State.ACTIVE))
    return Profile.objects.filter(groups__in=groups, organization=organization)
