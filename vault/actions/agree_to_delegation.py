"""Somebody lets the organization's service account act for them at a service: they leave for no provider to say so."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_behind
from harriet.people.errors import NotAllowed
from harriet.people.models import AssertedIdentity, User
from harriet.people.version import move_version
from vault.errors import CannotSignIn
from vault.events import OAuthConnected
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.accounts import check_account
from vault.oauth.apart import which


def agree_to_delegation(credential: Credential, user: User, *, actor: Actor) -> OAuthGrant:
    """The first call fetches the first token. Raises CannotSignIn, AccountNotAllowed and, for anybody but the person,
    NotAllowed."""
    person = person_behind(actor)
    if person is None or person.pk != user.pk:
        raise NotAllowed("Only the person themselves can agree that a service account acts for them.")
    client = credential.oauth_client
    if client is None:
        raise CannotSignIn("This connector isn’t set up for accounts of people. An IT admin has to save it again.")
    subject = subject_of(credential, user)
    check_account(client, subject)
    with transaction.atomic():
        grant = _agreed(credential, client, user, subject)
        _record(grant, client, user, actor)
        move_version(client.organization_id)
    return grant


def subject_of(credential: Credential, user: User) -> str:
    """As whom it acts: the address that the company's identity provider says, else one that was proved by mail. Raises
    CannotSignIn: whoever could choose it themselves could read somebody else's mail."""
    said = AssertedIdentity.objects.filter(
        membership__user=user, membership__organization=credential.organization_id
    ).first()
    if said is not None and said.email:
        return said.email
    if user.is_proven:
        return user.email
    raise CannotSignIn(
        "Your e-mail address here was never confirmed, so nobody can act for you by it. Set a new password by mail "
        "(“Forgot password” on the sign-in page), then come back."
    )


def _agreed(credential: Credential, client: OAuthClient, user: User, subject: str) -> OAuthGrant:
    """To these scopes: what was agreed to for others goes on for whoever asks for those, and is replaced where nobody
    does."""
    mine = which(credential.type, credential.placement, client.pk, user.pk)
    scopes, grant = mine.scopes, None if mine.rows.exists() else mine.unwanted.select_for_update().first()
    if grant is None:
        new = OAuthGrant(organization_id=client.organization_id, client=client, user=user, resource=mine.resource)
        new.renewed_by, new.asked_scopes, new.generation = mine.renewed_by, scopes, 0
        OAuthGrant.objects.bulk_create([new], ignore_conflicts=True)
        grant = mine.rows.select_for_update().get()
    OAuthGrant.objects.filter(pk=grant.pk).update(
        state=OAuthGrant.State.ACTIVE,
        state_reason="",
        generation=grant.generation + 1,  # whoever renews the old one at this moment comes too late
        account=subject[:254],
        account_subject="",
        scopes=scopes,
        asked_scopes=scopes,
        sealed_access=None,
        sealed_refresh=None,
        access_expires_at=None,
        next_refresh_at=None,
        lease_owner=None,
        lease_until=None,
        failures=0,
        granted_at=Now(),
        revoked_at=None,
        last_answer="",
    )
    grant.refresh_from_db()
    return grant


def _record(grant: OAuthGrant, client: OAuthClient, user: User, actor: Actor) -> None:
    record(
        OAuthConnected(
            provider=client.name,
            registration=str(client.pk),
            grant=str(grant.pk),
            whose=user.email,
            account=grant.account,
            resource=grant.resource,
            scopes=grant.scopes,
            generation=grant.generation,
        ),
        organization_id=grant.organization_id,
        actor=actor,
    )
