"""What the vault may exchange of people's sign-ins: docks in `vault.oauth.subjects` when the app starts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from harriet.lib.database_clock import database_now
from harriet.lib.sealed import NotSealedHere
from harriet.lib.secret import Secret
from harriet.signin.models import IdentityProvider, SubjectToken
from harriet.signin.provider_client import method_of
from harriet.signin.provider_queries import exchangeable_providers, reach_of_provider, secret_of
from harriet.signin.sso_sealing import open_token
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.answers import Failure
from vault.oauth.client_authentication import proof_of
from vault.oauth.error_codes import Kind
from vault.oauth.exchange import Ready
from vault.oauth.sign_in import word_of
from vault.oauth.subjects import Subject


class CompanySignIn:
    def subject_of(self, organization_id: UUID, user_id: UUID) -> Subject | None:
        """Nothing is renewed by looking."""
        found = SubjectToken.objects.select_related("provider__organization").filter(
            membership__organization=organization_id,
            membership__user=user_id,
            membership__is_active=True,
            membership__user__is_active=True,
            provider__organization=organization_id,
            provider__is_active=True,
        )
        kept = found.first()
        fresh = _fresh(kept) if kept is not None else None
        if kept is None or fresh is None:
            return None
        return Subject(fresh, kept.kept_at, kept.provider.name, partial(_ready, kept.provider))

    def is_set_up(self, organization_id: UUID) -> bool:
        return bool(exchangeable_providers(organization_id))


def _fresh(kept: SubjectToken) -> Callable[[float], Secret] | None:
    """How the provider's word is had; None where there is none that is good. What an admin ended is over."""
    grant = OAuthGrant.objects.filter(pk=kept.grant_id).first() if kept.grant_id else None
    if grant is not None and grant.state == OAuthGrant.State.ACTIVE:
        return partial(word_of, grant.pk)
    is_over = kept.expires_at <= database_now()
    if is_over or (grant is not None and grant.state == OAuthGrant.State.REVOKED):
        return None
    try:
        token = Secret(open_token(bytes(kept.sealed), kept.membership_id))
    except NotSealedHere:
        return None  # sealed by another installation's key: a new sign-in keeps a new one
    return lambda _seconds: token


def _ready(provider: IdentityProvider) -> Ready | Failure:
    """As the client that signs people in: its tokens are made for it."""
    try:
        secret = secret_of(provider)
    except NotSealedHere:
        return Failure(
            Kind.OPERATOR, "no_secret", "Harriet can't open the client secret. An owner has to save it again."
        )
    endpoint = str(provider.endpoints.get("token_endpoint", ""))
    client = OAuthClient(client_id=provider.client_id, auth_method=method_of(provider, secret))
    return Ready(endpoint, proof_of(client, secret, endpoint), reach_of_provider(provider.organization))
