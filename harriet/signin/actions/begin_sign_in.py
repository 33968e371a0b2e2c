"""Begins a way to an identity provider and back. No audit event: signing in has one."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.errors import PeopleError
from harriet.people.models import User
from harriet.signin.addresses import addresses_of
from harriet.signin.models import IdentityProvider, SignInAttempt
from harriet.signin.oidc.code_flow import authorization_url, new_bound
from harriet.signin.saml.authn_request import new_request_id, request_url
from harriet.signin.sso_sealing import seal_attempt
from vault.oauth.asking import OFFLINE

LASTS = timedelta(minutes=10)
_OFFLINE_BY_PARAMETER = {"https://accounts.google.com": {"access_type": "offline"}}
"""By issuer, where no scope asks for it."""


class Begun(NamedTuple):
    attempt: SignInAttempt
    url: str
    """Where the browser goes now."""


def begin_sign_in(
    provider: IdentityProvider, *, next_path: str = "", tester: User | None = None, is_again: bool = False
) -> Begun:
    """`is_again`: the provider has the person prove who they are, even if it knows them. The caller keeps the attempt's
    id in the browser's session. Raises PeopleError before a provider is set up."""
    if not provider.endpoints:
        raise PeopleError(f"{provider.name} is not set up yet. Save its settings first.")
    attempt = SignInAttempt(id=new_id(), provider=provider, is_test=tester is not None, begun_by=tester)
    attempt.next_path, attempt.expires_at = next_path[:2000], Now() + LASTS
    is_saml = provider.kind == IdentityProvider.Kind.SAML
    url = _saml(attempt, is_again) if is_saml else _oidc(attempt, is_again)
    attempt.save()
    return Begun(attempt, url)


def _oidc(attempt: SignInAttempt, is_again: bool) -> str:
    provider, bound = attempt.provider, new_bound()
    extras = dict(_OFFLINE_BY_PARAMETER.get(provider.issuer, {})) if provider.renews_sign_ins else {}
    attempt.state_hash = sha256(bound.state.encode()).digest()
    kept = json.dumps({"nonce": bound.nonce, "verifier": bound.verifier}).encode()
    attempt.sealed = seal_attempt(kept, attempt.pk)
    return authorization_url(
        provider.endpoints,
        client_id=provider.client_id,
        scopes=_scopes(provider),
        redirect_uri=addresses_of(provider.pk).callback,
        bound=bound,
        extras=extras | ({"prompt": "login", "max_age": "0"} if is_again else {}),
    )


def _scopes(provider: IdentityProvider) -> str:
    """What renews a sign-in is asked for only where an owner wants that, and where the provider has the scope. Nobody
    is asked to agree each time (`prompt=consent`): a company agrees for its people."""
    scopes = provider.scopes.split()
    if provider.renews_sign_ins and OFFLINE in provider.endpoints.get("scopes_supported", ()):
        scopes.append(OFFLINE)
    return " ".join(dict.fromkeys(scopes))


def _saml(attempt: SignInAttempt, is_again: bool) -> str:
    provider, request_id, ours = attempt.provider, new_request_id(), addresses_of(attempt.provider_id)
    attempt.state_hash = sha256(request_id.encode()).digest()
    sso_url = str(provider.endpoints["sso"])
    return request_url(request_id, sso_url=sso_url, entity_id=ours.entity_id, acs_url=ours.acs, is_forced=is_again)
