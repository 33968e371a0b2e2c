"""Keeps what renews a person's company sign-in, for servers to which it is exchanged; and as whom the provider knows
Harriet for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.lib.database_clock import database_now
from harriet.lib.secret import Secret
from harriet.people.models import Organization, User
from vault.events import OAuthClientSaved
from vault.locks import share_active_key
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.grants import Account, grant_of, save_grant
from vault.oauth.renewed_sign_in import NO_ACCESS
from vault.oauth.sealing import seal_client_secret
from vault.open import opener_with

_LONGEST_ISSUER = 440
"""Of the provider's own, in a column for 500 characters."""


@dataclass(frozen=True, slots=True)
class ProviderClient:
    """As whom an identity provider knows Harriet, as an owner set it up."""

    provider_id: UUID
    name: str
    issuer: str
    client_id: str
    secret: Secret | None
    auth_method: str
    endpoints: dict[str, Any]

    @property
    def key(self) -> str:
        """In the place of an issuer, which no issuer can be called (RFC 8414 §2): what is kept for sign-ins is never
        taken for a registration that connectors may use."""
        return f"{self.issuer[:_LONGEST_ISSUER]}#sign-in-{self.provider_id}"

    @property
    def metadata(self) -> dict[str, Any]:
        return {"issuer": self.issuer, "is_typed": True, **self.endpoints}


@dataclass(frozen=True, slots=True)
class SignInKept:
    """One sign-in, proved."""

    subject: str
    email: str
    word: Secret
    """The ID token."""
    refresh: Secret | None
    """None where the provider gave none: the one from before goes on being good."""
    seconds: int
    """That the word is good for."""


def client_for_sign_ins(organization: Organization, provider: ProviderClient) -> OAuthClient | None:
    mine = OAuthClient.objects.filter(organization=organization, issuer=provider.key, client_id=provider.client_id)
    return mine.filter(origin=OAuthClient.Origin.SIGN_IN).select_related("organization").first()


@transaction.atomic
def save_client_for_sign_ins(organization: Organization, provider: ProviderClient, *, actor: Actor) -> OAuthClient:
    """As the provider's settings are now. Raises NoDataKey."""
    opener = opener_with(organization.pk, [share_active_key(organization.pk)])
    row = OAuthClient(organization=organization, issuer=provider.key, client_id=provider.client_id)
    row.origin = OAuthClient.Origin.SIGN_IN
    OAuthClient.objects.bulk_create([row], ignore_conflicts=True)
    mine = OAuthClient.objects.select_for_update(of=("self",)).select_related("organization")
    client = mine.get(organization=organization, issuer=provider.key, client_id=provider.client_id)
    client.name, client.auth_method, client.metadata = provider.name, provider.auth_method, provider.metadata
    client.allow_internal, client.problem, client.problem_at, client.retry_at = True, "", None, None
    client.sealed_secret, client.key_version = None, None
    if provider.secret is not None:
        client.sealed_secret, client.key_version = seal_client_secret(client, provider.secret, opener)
    client.save()
    saved = OAuthClientSaved(
        provider=client.name,
        registration=str(client.pk),
        issuer=provider.issuer,
        client_id=client.client_id,
        origin=client.origin,
        signs_in=client.auth_method,
    )
    record(saved, organization_id=organization.pk, actor=actor)
    return client


def keep_sign_in(client: OAuthClient, user: User, kept: SignInKept, *, actor: Actor) -> OAuthGrant | None:
    """None where nothing renews it. Raises NoDataKey."""
    if kept.refresh is None:
        before = grant_of(client, user.pk, "")
        goes_on = before is not None and before.state == OAuthGrant.State.ACTIVE
        return before if goes_on and before is not None and before.account_subject == kept.subject else None
    answer = TokenAnswer(
        access=kept.word,
        refresh=kept.refresh,
        token_type=NO_ACCESS,
        expires_in=kept.seconds,
        scopes=None,
        id_token=None,
    )
    account = Account(kept.email, kept.subject)
    began = database_now()
    return save_grant(client, user, "", answer, began=began, asked_scopes="", account=account, actor=actor)
