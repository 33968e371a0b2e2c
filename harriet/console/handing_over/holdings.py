"""What somebody who leaves holds here: what ends with their access, and what somebody else must have then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from approvals.models import AccessRequest, PendingAction
from approvals.queries import still_waiting
from approvals.undecidable import undecidable_calls
from connectors.models import Connector, ConnectorPermission, Profile
from connectors.ownerless import owned_things
from harriet.pages.counts import AtMost, CountAtMost, Several, as_at_most, several, several_of
from harriet.people.models import AccessToken, Agent, Device, Group, Membership, Organization, User
from harriet.people.queries import keys_seen_by, open_device_invitations, or_not_found, people_of
from harriet.signin.queries import apps_of
from vault.models import Credential, OAuthGrant
from vault.oauth.shared import page_of_shared

SHOWN = 20
"""Names in each list; the rest is counted."""
MOST = 101
"""Agents, and accounts, that are read, of which one stands for all others."""


class NamedAgent(NamedTuple):
    pk: str
    name: str


class SharedAccount(NamedTuple):
    grant: OAuthGrant
    path: str
    """Where an admin signs in with it again."""


@dataclass(frozen=True, slots=True)
class Holdings:
    waiting: Several[PendingAction]
    """Calls that they asked for and nobody decided on yet."""
    requests: AtMost
    devices: Several[str]
    """Their names."""
    invitations: AtMost
    """Devices that they are about to set up."""
    apps: Several[str]
    """The names of AI clients that they signed in with."""
    accounts: Several[OAuthGrant]
    """That they connected at services."""
    shared_accounts: Several[SharedAccount]
    """With which they signed in for everybody: these go on, and somebody else should sign in."""
    seen_keys: Several[AccessToken]
    undecidable: Several[PendingAction]
    """Calls on which nobody but they can decide."""
    connectors: Several[Connector]
    credentials: Several[Credential]
    profiles: Several[Profile]
    """That nobody else has."""
    groups: Several[Group]
    """Whose only active member they are, and which decide for a connector."""
    agents: Several[NamedAgent]
    """For which they answer."""

    @property
    def is_nothing_left(self) -> bool:
        """To hand over."""
        return not (self.connectors or self.credentials or self.profiles or self.groups or self.agents)


def leaver_of(organization: Organization, membership_id: UUID) -> Membership:
    """Whoever is to leave, with `requests_up_to` and `invitations_up_to`, to be read with `as_at_most`, `device_names`,
    `app_names` and `agents_named`. Raises NotFound."""
    requests = AccessRequest.objects.filter(
        organization=organization, person=OuterRef("user"), state=AccessRequest.State.OPEN
    )
    mine = {"organization": organization, "user": OuterRef("user")}
    machines = Device.objects.filter(**mine, revoked_at=None, kind=Device.Kind.MACHINE).order_by("name")
    agents = Agent.objects.filter(organization=organization, owner=OuterRef("user")).exclude(state=Agent.State.ENDED)
    people = (
        people_of(organization)
        .prefetch_related(None)
        .annotate(
            requests_up_to=CountAtMost(requests),
            invitations_up_to=CountAtMost(open_device_invitations().select_related(None).filter(**mine)),
            device_names=ArraySubquery(machines.values("name")),
            app_names=ArraySubquery(apps_of(organization).filter(user=OuterRef("user")).values("application__name")),
            agents_named=ArraySubquery(
                agents.order_by("name", "pk").values(named=JSONObject(pk="pk", name="name"))[:MOST]
            ),
        )
    )
    return or_not_found(people.filter(pk=membership_id).first(), "There is no such person here.")


def holdings_of(membership: Any) -> Holdings:
    """Of somebody from `leaver_of`."""
    organization, user = membership.organization, membership.user
    owned = owned_things(organization.pk, user.pk)
    accounts, shared = _accounts(organization, user)
    waiting = still_waiting(organization.pk).filter(user=user).select_related("ticket").order_by("pk")
    return Holdings(
        waiting=several(waiting, SHOWN),
        requests=as_at_most(membership.requests_up_to),
        devices=several_of(membership.device_names, SHOWN),
        invitations=as_at_most(membership.invitations_up_to),
        apps=several_of(membership.app_names, SHOWN),
        accounts=several_of(accounts, SHOWN),
        shared_accounts=several_of(shared, SHOWN),
        seen_keys=several(keys_seen_by(organization, user).prefetch_related(None), SHOWN),
        undecidable=several_of(undecidable_calls(organization.pk, without=user.pk), SHOWN),
        connectors=several(owned.connectors, SHOWN),
        credentials=several(owned.credentials, SHOWN),
        profiles=several(profiles_of_nobody_else(membership), SHOWN),
        groups=several(groups_of_nobody_else(membership), SHOWN),
        agents=several_of([NamedAgent(**one) for one in membership.agents_named], SHOWN),
    )


def _accounts(organization: Organization, user: User) -> tuple[list[OAuthGrant], list[SharedAccount]]:
    """Their own, and those with which they signed in for everybody."""
    theirs = Q(user=user) | Q(user=None, signed_in_by=user)
    rows = OAuthGrant.objects.filter(theirs, organization=organization).exclude(state=OAuthGrant.State.REVOKED)
    found = list(rows.select_related("client").order_by("client__name", "pk")[:MOST])
    shared = [SharedAccount(one, page_of_shared(one)) for one in found if one.user_id is None]
    return [one for one in found if one.user_id is not None], shared


def profiles_of_nobody_else(membership: Membership) -> QuerySet[Profile]:
    """Without groups, and with no other person."""
    others = Profile.people.through.objects.filter(profile=OuterRef("pk")).exclude(membership=membership)
    mine = Profile.objects.filter(organization=membership.organization_id, people=membership, groups=None)
    return mine.filter(~Exists(others)).select_related("organization").order_by("name", "pk")


def groups_of_nobody_else(membership: Membership) -> QuerySet[Group]:
    """That decide for a connector, and have no other active member."""
    deciding = Q(connector_permissions__permission__codename=ConnectorPermission.APPROVE)
    mine = Group.objects.filter(deciding, organization=membership.organization_id, memberships=membership)
    others = Membership.groups.through.objects.filter(
        group=OuterRef("pk"), membership__is_active=True, membership__user__is_active=True
    ).exclude(membership=membership)
    found = mine.filter(~Exists(others)).annotate(decides_for=Count("connector_permissions", filter=deciding))
    return found.select_related("organization").order_by("name", "pk")
