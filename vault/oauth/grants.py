"""Keeps what a token endpoint gave for one person and one resource, sealed; and finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.models import User
from vault.events import OAuthConnected
from vault.locks import share_active_key
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.lifetimes import due_at, expires_at
from vault.oauth.sealing import ACCESS, REFRESH, token_place
from vault.open import Opener, opener_with


@dataclass(frozen=True, slots=True)
class Account:
    """Who somebody is at the provider, as it says; both empty where it didn't."""

    name: str = ""
    subject: str = ""


NO_ACCOUNT = Account()


def grant_of(client: OAuthClient, user_id: UUID | None, resource: str) -> OAuthGrant | None:
    """The one grant that there may be, in whatever state; None for nobody's is the shared one."""
    mine = OAuthGrant.objects.filter(client=client, organization_id=client.organization_id, resource=resource)
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
    renewed_by: OAuthGrant.RenewedBy = OAuthGrant.RenewedBy.REFRESH_TOKEN,
    account: Account = NO_ACCOUNT,
    actor: Actor,
) -> OAuthGrant:
    """What a person has just consented to; it takes the place of what there was. `began` is the database's time at
    which the request for the tokens began. Raises NoDataKey."""
    opener = opener_with(client.organization_id, [share_active_key(client.organization_id)])
    grant = _locked(client, user, resource)
    grant.renewed_by = renewed_by
    grant.generation += 1  # whoever refreshes the old tokens at this moment comes too late
    grant.sealed_refresh = None
    keep_answer(grant, answer, opener, began=began, asked_scopes=asked_scopes)
    grant.account, grant.account_subject = account.name[:254], account.subject[:300]
    grant.granted_at, grant.revoked_at, grant.last_answer = began, None, "Connected."
    grant.save()
    settle_matters(grant.organization_id, matter_key(grant))
    _record(grant, client, user, actor)
    return grant


def keep_answer(grant: OAuthGrant, answer: TokenAnswer, opener: Opener, *, began: datetime, asked_scopes: str) -> None:
    """Into the row, for its generation as it is now; nothing is saved. An old refresh token that is still good has to
    be in the answer: what was sealed for the generation before doesn't open for this one."""
    grant.sealed_access, grant.key_version = opener.seal_secret(
        token_place(grant, ACCESS, grant.generation), "", answer.access
    )
    if answer.refresh is not None:
        place = token_place(grant, REFRESH, grant.generation)
        grant.sealed_refresh = opener.seal_secret(place, "", answer.refresh).value
    grant.token_type, grant.asked_scopes = answer.token_type, asked_scopes
    grant.scopes = answer.scopes if answer.scopes is not None else asked_scopes
    grant.access_expires_at = expires_at(began, answer.expires_in)
    grant.next_refresh_at = due_at(began, answer.expires_in) if can_be_renewed(grant) else None
    if answer.refresh_expires_in:
        grant.refresh_expires_at = expires_at(began, answer.refresh_expires_in)
    grant.state, grant.state_reason, grant.failures = OAuthGrant.State.ACTIVE, "", 0
    grant.lease_owner, grant.lease_until, grant.answered_at = None, None, began


def can_be_renewed(grant: OAuthGrant) -> bool:
    return grant.sealed_refresh is not None or grant.renewed_by != OAuthGrant.RenewedBy.REFRESH_TOKEN


def matter_key(grant: OAuthGrant) -> str:
    """Begins the names of all that people are told of a grant."""
    return f"oauth {grant.pk} "


def _locked(client: OAuthClient, user: User | None, resource: str) -> OAuthGrant:
    OAuthGrant.objects.bulk_create(
        [OAuthGrant(organization_id=client.organization_id, client=client, user=user, resource=resource, generation=0)],
        ignore_conflicts=True,
    )
    mine = OAuthGrant.objects.select_for_update().filter(client=client, resource=resource)
    return mine.get(user=user)


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
