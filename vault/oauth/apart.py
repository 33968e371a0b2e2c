"""Which grant goes with the calls of a credential: what tells those of one registration and resource apart.

What a person consented to is one grant, whichever connectors use it. What Harriet asks for by itself is one for each
set of scopes, so that no connector's calls go with another's token, and none is fetched anew because they differ.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from vault.models import Credential, OAuthGrant
from vault.types.base import CLIENT, EXCHANGE, ORGANIZATION, PERSON, SERVICE_ACCOUNT, Placement, SignsInBy
from vault.types.oauth import resource_in
from vault.types.registry import TYPES
from vault.types.service_account import OF_PERSON

RenewedBy = OAuthGrant.RenewedBy
RENEWED_BY: dict[SignsInBy, OAuthGrant.RenewedBy] = {
    PERSON: RenewedBy.REFRESH_TOKEN,
    ORGANIZATION: RenewedBy.REFRESH_TOKEN,
    CLIENT: RenewedBy.CLIENT_CREDENTIALS,
    SERVICE_ACCOUNT: RenewedBy.JWT_BEARER,
    EXCHANGE: RenewedBy.EXCHANGE,
}


class Which(NamedTuple):
    """Finds one grant, and keeps its token apart from all others in memory."""

    client_id: UUID | None
    user_id: UUID | None
    is_shared: bool
    """Nobody's in particular; without it and without a person there is none."""
    resource: str
    renewed_by: RenewedBy
    scopes: str
    """Empty for what a person consented to: another consent widens that one."""

    @property
    def alike(self) -> QuerySet[OAuthGrant]:
        """Whoever's they are."""
        mine = OAuthGrant.objects.filter(client=self.client_id, resource=self.resource, renewed_by=self.renewed_by)
        return mine if self.renewed_by == RenewedBy.REFRESH_TOKEN else mine.filter(asked_scopes=self.scopes)

    @property
    def rows(self) -> QuerySet[OAuthGrant]:
        """At most one."""
        if self.is_shared:
            return self.alike.filter(user=None)
        return self.alike.filter(user=self.user_id) if self.user_id else self.alike.none()

    @property
    def unwanted(self) -> QuerySet[OAuthGrant]:
        """The same person's, of the same kind, for scopes that no connector asks for any more: one of them becomes the
        one for those that are wanted now."""
        mine = OAuthGrant.objects.filter(client=self.client_id, user=self.user_id, resource=self.resource)
        wanted = {self.scopes, *_wanted(self.client_id, self.renewed_by)}
        return mine.filter(renewed_by=self.renewed_by).exclude(asked_scopes__in=wanted)


def which(type_: str, placement: Placement, client_id: UUID | None, user_id: UUID | None) -> Which:
    """For a call of this person, of an integration key when nobody is named."""
    renewed_by, is_own = RENEWED_BY[TYPES[type_].signs_in_by], acts_as_caller(type_, placement)
    scopes = "" if renewed_by == RenewedBy.REFRESH_TOKEN else scopes_in(placement)
    return Which(client_id, user_id if is_own else None, not is_own, resource_in(placement), renewed_by, scopes)


def which_of(grant: OAuthGrant) -> Which:
    renewed_by = RenewedBy(grant.renewed_by)
    scopes = "" if renewed_by == RenewedBy.REFRESH_TOKEN else grant.asked_scopes
    return Which(grant.client_id, grant.user_id, grant.user_id is None, grant.resource, renewed_by, scopes)


def acts_as_caller(type_: str, placement: Placement) -> bool:
    """Whether each caller needs a grant of their own."""
    by = TYPES[type_].signs_in_by
    return by in (PERSON, EXCHANGE) or (by == SERVICE_ACCOUNT and placement.get("subject") == OF_PERSON)


def scopes_in(placement: Placement) -> str:
    """That are asked for, separated by spaces."""
    return " ".join(str(placement.get("scopes", "")).split())


def _wanted(client_id: UUID | None, renewed_by: OAuthGrant.RenewedBy) -> set[str]:
    """Scopes that some connector asks for in this way."""
    mine = Credential.objects.filter(oauth_client=client_id)
    return {scopes_in(one.placement) for one in mine if RENEWED_BY.get(TYPES[one.type].signs_in_by) == renewed_by}
