"""Accounts of their own that people connect at connectors: which somebody needs, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from connectors.access.usable import usable_tools
from connectors.models import Connector, Risk, Tool, of_risk
from harriet.lib.database_clock import database_now
from harriet.people.models import Membership
from harriet.people.queries import or_not_found
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.apart import which, which_of
from vault.oauth.exchanged import needs_newer_sign_in, serves
from vault.oauth.per_person import IS_PER_PERSON, is_exchanged
from vault.oauth.subjects import Subject, subject_of
from vault.queries import in_use
from vault.types.oauth import barred_in

MOST_ACCOUNTS = 200
"""On one page. A company has a few dozen services at most that people sign in to."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one person has, or needs, at one connector."""

    connector: Connector
    credential: Credential
    grant: OAuthGrant | None
    """None before they connected the first time."""
    tools: int
    """Of theirs, that need it."""
    changing: int
    """Of these, what does more than read, or may."""

    has_sign_in: bool
    """The company's sign-in of theirs is good, or what it was exchanged for; what else they could connect is open."""

    @property
    def is_by_sign_in(self) -> bool:
        """Nothing is connected there: their company sign-in is exchanged."""
        return is_exchanged(self.credential)

    @property
    def is_connected(self) -> bool:
        if self.is_by_sign_in:
            return self.has_sign_in
        return self.grant is not None and self.grant.state == OAuthGrant.State.ACTIVE

    @property
    def is_waiting(self) -> bool:
        """For the person: nothing but their consent helps."""
        if self.is_by_sign_in:
            return bool(self.tools) and not self.has_sign_in
        again = (OAuthGrant.State.NEEDS_CONSENT, OAuthGrant.State.UNKNOWN, OAuthGrant.State.REVOKED)
        return bool(self.tools) and (self.grant is None or self.grant.state in again or bool(self.needed))

    @property
    def wanted(self) -> tuple[str, ...]:
        """Scopes that the server wanted of a connected account besides, and that the person may be asked for."""
        if self.grant is None or not self.is_connected:
            return ()
        scopes = self.grant.needed_scopes.split()
        barred = barred_in(self.credential.placement, scopes)
        return tuple(one for one in scopes if one not in barred)

    @property
    def needed(self) -> tuple[str, ...]:
        """Those of them for which the person wasn't asked yet."""
        asked = self.grant.asked_scopes.split() if self.grant is not None else ()
        return tuple(one for one in self.wanted if one not in asked)

    @property
    def client(self) -> OAuthClient | None:
        return self.credential.oauth_client


def accounts_of(membership: Membership) -> list[Account]:
    """At connectors that the person may use, and at those where something of theirs is still connected; by name."""
    found = [one for one in _accounts(membership, _credentials(membership)) if one.tools or one.is_connected]
    return sorted(found, key=lambda one: one.connector.name.casefold())


def account_of(membership: Membership, connector_id: UUID) -> Account:
    """Raises NotFound, alike for a connector that isn't there, that is none of theirs, and that needs no account."""
    of_one = _accounts(membership, _credentials(membership).filter(connector_id=connector_id))
    found = next((one for one in of_one if one.tools or one.grant is not None), None)
    return or_not_found(found, "You need no account of your own there, or there is no such connector for you.")


def left_over_grants(membership: Membership, accounts: Iterable[Account]) -> list[OAuthGrant]:
    """What is connected still, though no connector here uses it any more."""
    used = [one.grant.pk for one in accounts if one.grant is not None]
    rows = _grants(membership).exclude(pk__in=used).exclude(state=OAuthGrant.State.REVOKED)
    rows = rows.exclude(client__origin=OAuthClient.Origin.SIGN_IN)
    return list(rows.select_related("client").order_by("client__name")[:MOST_ACCOUNTS])


def credential_of_people(connector: Connector) -> Credential | None:
    """None for a connector whose calls are not made with accounts of people."""
    mine = in_use(Credential.objects.filter(IS_PER_PERSON, connector_id=connector.pk))
    return mine.select_related("oauth_client__organization").first()


def grants_at(connector: Connector) -> QuerySet[OAuthGrant]:
    """What people connected for this connector, whoever uses the registration besides it."""
    credential = credential_of_people(connector)
    if credential is None or credential.oauth_client_id is None:
        return OAuthGrant.objects.none()
    alike = which(credential.type, credential.placement, credential.oauth_client_id, None).alike
    return alike.filter(organization=connector.organization_id).exclude(user=None)


def _credentials(membership: Membership) -> QuerySet[Credential]:
    mine = Credential.objects.filter(IS_PER_PERSON, organization=membership.organization_id)
    reachable = Q(connector_id__in=usable_tools(membership).order_by().values("connector"))
    reachable |= Q(oauth_client__in=_grants(membership).values("client"))
    return in_use(mine.filter(reachable)).select_related("oauth_client__organization")


def _grants(membership: Membership) -> QuerySet[OAuthGrant]:
    return OAuthGrant.objects.filter(organization=membership.organization_id, user=membership.user_id)


def _accounts(membership: Membership, credentials: QuerySet[Credential]) -> list[Account]:
    rows = list(credentials.order_by("name", "pk")[:MOST_ACCOUNTS])
    ids = [one.connector_id for one in rows]
    connectors = Connector.objects.filter(organization=membership.organization_id).in_bulk(ids)
    grants = {which_of(one): one for one in _grants(membership).select_related("client__organization")}
    counts = _counts(membership, ids)
    subject = _subject(membership) if any(is_exchanged(one) for one in rows) else None
    return [
        Account(
            connector=(connector := connectors[one.connector_id]),
            credential=one,
            grant=(grant := grants.get(which(one.type, one.placement, one.oauth_client_id, membership.user_id))),
            tools=counts.get(connector.pk, (0, 0))[0],
            changing=counts.get(connector.pk, (0, 0))[1],
            has_sign_in=is_exchanged(one) and _has_sign_in(subject, grant),
        )
        for one in rows
        if one.connector_id in connectors
    ]


def _subject(membership: Membership) -> Subject | None:
    return subject_of(membership.organization_id, membership.user_id)


def _has_sign_in(subject: Subject | None, grant: OAuthGrant | None) -> bool:
    if subject is None:
        return grant is not None and serves(grant, database_now())
    return grant is None or not needs_newer_sign_in(grant, subject)


def _counts(membership: Membership, ids: list[UUID]) -> dict[UUID, tuple[int, int]]:
    mine: QuerySet[Tool] = usable_tools(membership).order_by().filter(connector__in=ids)
    only_reads = of_risk(Risk.READ_ONLY)
    changing = Count("pk", distinct=True, filter=~only_reads)
    counted = mine.values("connector").annotate(every=Count("pk", distinct=True), changing=changing)
    return {row["connector"]: (row["every"], row["changing"]) for row in counted}
