"""What a token endpoint is asked with to renew a grant, by what renews it."""

from __future__ import annotations

from collections.abc import Callable

from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.models import OAuthGrant
from vault.oauth.answers import Failure, TokenAnswer
from vault.oauth.exchange import Parameters
from vault.oauth.renewed_sign_in import as_word
from vault.oauth.sealing import refresh_token
from vault.oauth.service_account import renewal_by_key_file
from vault.oauth.sign_in_exchange import judged, renewal_by_exchange
from vault.open import Opener

RenewedBy = OAuthGrant.RenewedBy


def renewal_of(grant: OAuthGrant, opener: Opener) -> Parameters | Failure:
    """Raises CannotOpen when what is kept for it can't be used."""
    return RENEWALS[RenewedBy(grant.renewed_by)](grant, opener)


def taken(grant: OAuthGrant, answer: TokenAnswer | Failure) -> TokenAnswer | Failure:
    """What counts of an answer, by what was asked with."""
    if grant.is_sign_in:
        return as_word(grant, answer)
    return judged(grant, answer) if grant.renewed_by == RenewedBy.EXCHANGE else answer


def _by_refresh_token(grant: OAuthGrant, opener: Opener) -> Parameters:
    """RFC 6749 §6. Scopes are left out: the provider then goes on with those that were granted."""
    token = refresh_token(grant, opener)
    if token is None:
        raise CannotOpen
    return {"grant_type": "refresh_token", "refresh_token": token, **_resource(grant)}


def _by_client_credentials(grant: OAuthGrant, _opener: Opener) -> Parameters:
    """RFC 6749 §4.4."""
    return {"grant_type": "client_credentials", **_scope(grant), **_resource(grant)}


def _resource(grant: OAuthGrant) -> dict[str, str | Secret]:
    return {"resource": grant.resource} if grant.resource else {}


def _scope(grant: OAuthGrant) -> dict[str, str | Secret]:
    return {"scope": grant.asked_scopes} if grant.asked_scopes else {}


RENEWALS: dict[RenewedBy, Callable[[OAuthGrant, Opener], Parameters | Failure]] = {
    RenewedBy.REFRESH_TOKEN: _by_refresh_token,
    RenewedBy.CLIENT_CREDENTIALS: _by_client_credentials,
    RenewedBy.JWT_BEARER: renewal_by_key_file,
    RenewedBy.EXCHANGE: renewal_by_exchange,
}
