"""As whom Harriet asks an identity provider for tokens: what an owner set up, as the vault takes it."""

from __future__ import annotations

from harriet.lib.secret import Secret
from harriet.signin.models import IdentityProvider
from harriet.signin.provider_queries import secret_of
from vault.actions.keep_sign_in import ProviderClient
from vault.models import OAuthClient

_Method = OAuthClient.AuthMethod
_USED = ("token_endpoint", "revocation_endpoint", "token_endpoint_auth_methods_supported")


def provider_client(provider: IdentityProvider) -> ProviderClient:
    """Raises NotSealedHere."""
    secret = secret_of(provider)
    return ProviderClient(
        provider_id=provider.pk,
        name=provider.name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        secret=secret,
        auth_method=method_of(provider, secret),
        endpoints={name: provider.endpoints[name] for name in _USED if name in provider.endpoints},
    )


def method_of(provider: IdentityProvider, secret: Secret | None) -> str:
    """The same as when a code is redeemed."""
    if secret is None:
        return _Method.NONE
    offered = provider.endpoints.get("token_endpoint_auth_methods_supported", [_Method.BASIC.value])
    return _Method.BASIC if _Method.BASIC.value in offered else _Method.POST
