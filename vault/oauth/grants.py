"""Keeps what a token endpoint gave for one person and one resource, sealed; and finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.models import Membership, User
from vault.events import OAuthConnected
from vault.locks import share_active_key
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.renewed import renewed_of
from vault.open import opener_with


@dataclass(frozen=True, slots=True)
class Account:
    """Who somebody is at the provider, as it says; both empty where it didn't."""

    name: str = ""
    subject: str = ""


NO_ACCOUNT = Account()


def grant_of(client: OAuthClient, user_id: UUID | None, resource: str) -> OAuthGrant | None:
    """The one that somebody may have consented to, in whatever state; None for nobody's is the shared one."""
    mine = OAuthGrant.objects.filter(client=client, organization_id=client.organization_id, resource=resource)
    mine = mine.filter(renewed_by=OAuthGrant.RenewedBy.REFRESH_TOKEN)
    return (mine.filter(user_id=user_id) if user_id else mine.filter(user=None)).first()


@transaction.atomic
def save_grant(
    client: OAuthClient,
    user: User | None,
    resource: str,
    answer: TokenAnswer,
    *,
    began: datetime,
    asked_scopes: str,
    account: Account = NO_ACCOUNT,
    signed_in_by: User | None = None,
    actor: Actor,
) -> OAuthGrant:
    """What a person has just consented to; it takes the place of what there was. `began` is the database's time at
    which the request for the tokens began; `signed_in_by` is who did so for everybody. Of somebody whose access ended
    meanwhile it is kept as ended, so that it is taken back at the provider. Raises NoDataKey."""
    is_here = _is_here(client.organization_id, signed_in_by or user)
    opener = opener_with(client.organization_id, [share_active_key(client.organization_id)])
    grant = _locked(client, user, resource)
    grant.scopes, grant.asked_scopes, grant.refresh_expires_at = "", asked_scopes, None
    given = renewed_of(grant, answer, opener, began=began, old_refresh=None)
    for name, value in given.columns().items():  # its new generation: who renews the old tokens now comes too late
        setattr(grant, name, value)
    grant.account, grant.account_subject = account.name[:254], account.subject[:300]
    grant.granted_at, grant.revoked_at, grant.last_answer = began, None, "Connected."
    grant.needed_scopes = " ".join(one for one in grant.needed_scopes.split() if one not in grant.scopes.split())
    grant.signed_in_by = signed_in_by
    if not is_here:
        grant.state, grant.revoked_at, grant.next_refresh_at = OAuthGrant.State.REVOKED, began, None
    grant.save()
    settle_matters(grant.organization_id, matter_key(grant))
    if is_here:
        _record(grant, client, user, actor)
    return grant


def _is_here(organization_id: UUID, user: User | None) -> bool:
    """Held from here on, before the grant is: an off-boarding of this moment comes before or after, never between."""
    if user is None:
        return True
    mine = Membership.objects.filter(organization=organization_id, user=user, is_active=True)
    return mine.select_for_update(of=("self",), no_key=True).first() is not None


def matter_key(grant: OAuthGrant) -> str:
    """Begins the names of all that people are told of a grant."""
    return f"oauth {grant.pk} "


def _locked(client: OAuthClient, user: User | None, resource: str) -> OAuthGrant:
    OAuthGrant.objects.bulk_create(
        [OAuthGrant(organization_id=client.organization_id, client=client, user=user, resource=resource, generation=0)],
        ignore_conflicts=True,
    )
    mine = OAuthGrant.objects.select_for_update().filter(client=client, resource=resource, user=user)
    return mine.get(renewed_by=OAuthGrant.RenewedBy.REFRESH_TOKEN)


def _record(grant: OAuthGrant, client: OAuthClient, user: User | None, actor: Actor) -> None:
    record(
        OAuthConnected(
            provider=client.name,
            registration=str(client.pk),
            grant=str(grant.pk),
            whose=user.email if user else None,
            account=grant.account,
            resource=grant.resource,
            scopes=grant.scopes,
            generation=grant.generation,
        ),
        organization_id=grant.organization_id,
        actor=actor,
    )
