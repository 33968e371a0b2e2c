"""What the vault may exchange of people's sign-ins: docks in `vault.oauth.subjects` when the app starts."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db.models.functions import Now

from harriet.lib.sealed import NotSealedHere
from harriet.lib.secret import Secret
from harriet.signin.models import IdentityProvider, SubjectToken
from harriet.signin.provider_queries import exchangeable_providers, reach_of_provider, secret_of
from harriet.signin.sso_sealing import open_token
from vault.models import OAuthClient
from vault.oauth.answers import Failure
from vault.oauth.client_authentication import proof_of
from vault.oauth.error_codes import Kind
from vault.oauth.exchange import Ready
from vault.oauth.subjects import Subject

_Method = OAuthClient.AuthMethod


class CompanySignIn:
    def subject_of(self, organization_id: UUID, user_id: UUID) -> Subject | None:
        found = SubjectToken.objects.select_related("provider__organization").filter(
            membership__organization=organization_id,
            membership__user=user_id,
            membership__is_active=True,
            membership__user__is_active=True,
            provider__organization=organization_id,
            provider__is_active=True,
            expires_at__gt=Now(),
        )
        kept = found.first()
        if kept is None:
            return None
        try:
            token = Secret(open_token(bytes(kept.sealed), kept.membership_id))
        except NotSealedHere:
            return None  # sealed by another installation's key: a new sign-in keeps a new one
        return Subject(token, kept.kept_at, kept.provider.name, partial(_ready, kept.provider))

    def is_set_up(self, organization_id: UUID) -> bool:
        return bool(exchangeable_providers(organization_id))


def _ready(provider: IdentityProvider) -> Ready | Failure:
    """As the client that signs people in: its tokens are made for it."""
    try:
        secret = secret_of(provider)
    except NotSealedHere:
        return Failure(
            Kind.OPERATOR, "no_secret", "Harriet can't open the client secret. An owner has to save it again."
        )
    endpoint = str(provider.endpoints.get("token_endpoint", ""))
    client = OAuthClient(client_id=provider.client_id, auth_method=_method(provider, secret))
    return Ready(endpoint, proof_of(client, secret, endpoint), reach_of_provider(provider.organization))


def _method(provider: IdentityProvider, secret: Secret | None) -> str:
    """The same as when a code is redeemed."""
    if secret is None:
        return _Method.NONE
    offered = provider.endpoints.get("token_endpoint_auth_methods_supported", [_Method.BASIC.value])
    return _Method.BASIC if _Method.BASIC.value in offered else _Method.POST
