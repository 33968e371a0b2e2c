"""The token for which a person's company sign-in is exchanged: kept per person and resource, asked for when a call
needs it, and good only while there is a sign-in behind it or what it gave has not run out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from audit.actor import SYSTEM
from audit.record import record
from harriet.lib.database_clock import database_now
from harriet.people.actions.settle_matter import settle_matters
from vault.errors import NeedsConsent, NeedsSignIn, TokenProblem
from vault.events import OAuthConnected
from vault.models import Credential, OAuthGrant
from vault.oauth.apart import scopes_in, which
from vault.oauth.asking import resource_of
from vault.oauth.grants import matter_key
from vault.oauth.lease import Wanted, is_due
from vault.oauth.sign_in_exchange import NO_SIGN_IN
from vault.oauth.subjects import Subject, subject_of
from vault.oauth.tokens import SealedAccess, sealed_access, sealed_access_of
from vault.stored import SealedCredential
from vault.types.oauth import resource_in

_State, _EXCHANGE = OAuthGrant.State, OAuthGrant.RenewedBy.EXCHANGE


def exchanged_access(
    sealed: SealedCredential, user_id: UUID | None, *, rejected_generation: int | None, wait_seconds: float
) -> SealedAccess:
    """Raises NeedsSignIn where nothing of this person's could be exchanged, and TokenProblem as for any grant."""
    if user_id is None:
        raise _needs_sign_in(sealed)
    grant = OAuthGrant.objects.filter(**_key(sealed, user_id)).first()
    try:
        pk = _with_sign_in(sealed, user_id, grant, Wanted(rejected_generation), wait_seconds)
    except TokenProblem:
        if grant is not None and serves(grant, database_now()) and grant.generation != rejected_generation:
            return sealed_access_of(grant)
        raise
    return sealed_access(pk, rejected_generation=rejected_generation, wait_seconds=wait_seconds)


def _with_sign_in(
    sealed: SealedCredential, user_id: UUID, grant: OAuthGrant | None, wanted: Wanted, wait_seconds: float
) -> UUID:
    """The grant, and behind it a sign-in that is good if one will be asked for: renewed before anybody has the grant's
    lease. Raises TokenProblem."""
    subject = subject_of(sealed.organization_id, user_id)
    if subject is None:
        raise _needs_sign_in(sealed)
    if grant is None or grant.state != _State.ACTIVE:
        grant = _begun(sealed, user_id, subject)
    if is_due(grant, wanted, database_now()):
        try:
            subject.fresh(wait_seconds)
        except NeedsConsent as problem:
            raise _needs_sign_in(sealed, problem.reason) from None
    return grant.pk


def serves(grant: OAuthGrant, now: datetime) -> bool:
    """Whether what was given is good still, whatever became of the sign-in."""
    is_over = grant.sealed_access is None or grant.access_expires_at is None or grant.access_expires_at <= now
    return grant.state == _State.ACTIVE and grant.renewed_by == _EXCHANGE and not is_over


def needs_newer_sign_in(grant: OAuthGrant, subject: Subject) -> bool:
    """The one that there is was refused, or ended here."""
    if grant.state == _State.ACTIVE or grant.renewed_by != _EXCHANGE:
        return False
    ended = grant.revoked_at if grant.state == _State.REVOKED else grant.answered_at
    return ended is not None and ended >= subject.since


def exchange_anew(credential: Credential) -> None:
    """Inside the transaction that saves it: what was exchanged by what was entered before is used no more."""
    mine = OAuthGrant.objects.filter(organization=credential.organization_id, client=credential.oauth_client_id)
    mine.filter(resource=resource_of(credential), renewed_by=_EXCHANGE).update(
        generation=F("generation") + 1,
        sealed_access=None,
        access_expires_at=None,
        next_refresh_at=None,
        lease_owner=None,
        lease_until=None,
    )


@transaction.atomic
def _begun(sealed: SealedCredential, user_id: UUID, subject: Subject) -> OAuthGrant:
    """The row for which the sign-in is exchanged; nothing of what it was before goes on. Raises NeedsSignIn."""
    key, mine = _key(sealed, user_id), which(sealed.type, sealed.placement, sealed.oauth_client_id, user_id)
    other = None if mine.rows.exists() else mine.unwanted.first()
    if other is not None:
        OAuthGrant.objects.filter(pk=other.pk).update(asked_scopes=mine.scopes)
    OAuthGrant.objects.bulk_create([OAuthGrant(generation=0, **key)], ignore_conflicts=True)
    grant = OAuthGrant.objects.select_for_update(of=("self",)).select_related("client", "user").get(**key)
    if grant.state == _State.ACTIVE and grant.generation and other is None:
        return grant
    if needs_newer_sign_in(grant, subject):
        raise _needs_sign_in(sealed)
    grant.state, grant.state_reason, grant.revoked_at = _State.ACTIVE, "", None
    grant.scopes, grant.last_answer = "", ""
    grant.account, grant.account_subject, grant.granted_at = "", "", database_now()
    grant.generation, grant.sealed_access, grant.sealed_refresh = grant.generation + 1, None, None
    grant.access_expires_at = grant.refresh_expires_at = grant.next_refresh_at = None
    grant.lease_owner, grant.lease_until, grant.failures = None, None, 0
    grant.save()
    settle_matters(grant.organization_id, matter_key(grant))
    _record(grant)
    return grant


def _key(sealed: SealedCredential, user_id: UUID) -> dict[str, Any]:
    return {
        "organization_id": sealed.organization_id,
        "client_id": sealed.oauth_client_id,
        "user_id": user_id,
        "resource": resource_in(sealed.placement),
        "renewed_by": _EXCHANGE,
        "asked_scopes": scopes_in(sealed.placement),
    }


def _record(grant: OAuthGrant) -> None:
    record(
        OAuthConnected(
            provider=grant.client.name,
            registration=str(grant.client_id),
            grant=str(grant.pk),
            whose=grant.user.email if grant.user else None,
            account="",
            resource=grant.resource,
            scopes=grant.asked_scopes,
            generation=grant.generation,
        ),
        organization_id=grant.organization_id,
        actor=SYSTEM,
    )


def _needs_sign_in(sealed: SealedCredential, reason: str = NO_SIGN_IN) -> NeedsSignIn:
    return NeedsSignIn(
        f"{sealed.name} takes the company’s sign-in of whoever calls, and there is none that is good.",
        client_id=sealed.oauth_client_id or sealed.credential_id,
        reason=reason,
    )
