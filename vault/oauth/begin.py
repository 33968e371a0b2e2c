"""Sends a person to a provider, to connect an account of theirs: what was asked is recorded before they leave."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from harriet.people.models import User
from vault.errors import CannotSignIn
from vault.locks import share_active_key
from vault.models import Credential, OAuthClient, OAuthGrant, OAuthRequest
from vault.oauth.addresses import callback_address
from vault.oauth.asking import EVERY_SIGN_IN, extras_of, resource_of, scopes_of, scopes_to_ask, with_identity
from vault.oauth.authorization import authorization_url, new_verifier
from vault.oauth.grants import grant_of
from vault.oauth.metadata import pkce_problem
from vault.oauth.shared import is_for_everybody
from vault.open import opener_with
from vault.place import Place
from vault.types.oauth import barred_in

GOOD_FOR = timedelta(minutes=10)
KEPT_FOR = timedelta(days=1)
"""After that a request that led nowhere is erased."""
MOST_UNDER_WAY = 10
"""Of one person for one connector; the oldest go first."""
VERIFIER = "code_verifier"


def begin(connector_id: UUID, credential: Credential, user: User) -> str:
    """The provider's address that this person's browser is sent to, at once. Raises CannotSignIn."""
    client, is_shared = _client_of(credential), is_for_everybody(credential)
    state, verifier = Secret(secrets.token_urlsafe(32)), new_verifier()
    resource = resource_of(credential)
    scopes = _scopes(credential, client, grant_of(client, None if is_shared else user.pk, resource))
    request = OAuthRequest(
        id=new_id(),
        organization_id=client.organization_id,
        user=user,
        client=client,
        connector_id=connector_id,
        state_hash=hash_of(state),
        issuer=client.issuer,
        redirect_uri=callback_address(client.issuer),
        resource=resource,
        scopes=" ".join(scopes),
        is_shared=is_shared,
    )
    _remember(request, verifier)
    return authorization_url(
        client.metadata,
        client_id=client.client_id,
        redirect_uri=request.redirect_uri,
        state=state,
        verifier=verifier,
        scopes=scopes,
        resource=resource,
        extras=extras_of(client.metadata, scopes),
    )


def hash_of(state: Secret) -> bytes:
    """What is kept of a state: whoever reads the database can't come back with it."""
    return hashlib.sha256(state.reveal().encode()).digest()


def verifier_place(request: OAuthRequest) -> Place:
    return Place(request.organization_id, request.client_id, request.pk, VERIFIER, owner_id=request.user_id)


def _client_of(credential: Credential) -> OAuthClient:
    client = credential.oauth_client
    if client is None:
        raise CannotSignIn("This connector isn’t set up for accounts of people. An IT admin has to save it again.")
    problem = pkce_problem(client.metadata)
    if problem:
        raise CannotSignIn(f"Nobody can sign in at {client.name}. {problem}")
    return client


def _scopes(credential: Credential, client: OAuthClient, grant: OAuthGrant | None) -> tuple[str, ...]:
    """The limit that an admin set holds for what was granted before it was set, too; what every sign-in has is no
    part of it."""
    scopes = scopes_to_ask(scopes_of(credential), client.metadata, grant=grant)
    asked = with_identity(scopes, client.metadata)
    barred = barred_in(credential.placement, (one for one in asked if one not in EVERY_SIGN_IN))
    return tuple(one for one in asked if one not in barred)


@transaction.atomic
def _remember(request: OAuthRequest, verifier: Secret) -> None:
    opener = opener_with(request.organization_id, [share_active_key(request.organization_id)])
    request.sealed_verifier, request.key_version = opener.seal_secret(verifier_place(request), "", verifier)
    _forget_others(request)
    OAuthRequest.objects.bulk_create([_with_times(request)])


def _with_times(request: OAuthRequest) -> OAuthRequest:
    """By the database's clock, as it is asked again when somebody comes back."""
    request.expires_at = Now() + GOOD_FOR
    return request


def _forget_others(request: OAuthRequest) -> None:
    """So that neither a person nor an organization fills the table."""
    mine = OAuthRequest.objects.filter(user_id=request.user_id, connector_id=request.connector_id)
    kept = mine.filter(used_at=None).order_by("-created_at").values_list("pk", flat=True)[: MOST_UNDER_WAY - 1]
    mine.filter(used_at=None).exclude(pk__in=list(kept)).delete()
    OAuthRequest.objects.filter(organization_id=request.organization_id, expires_at__lt=Now() - KEPT_FOR).delete()
