"""A service account's assertion (RFC 7523 §2.1): signed with its key, good for minutes, for one token endpoint."""

from __future__ import annotations

import time
from urllib.parse import urlsplit
from uuid import uuid4

from jwcrypto.jwt import JWT

from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.models import CredentialVersion, OAuthGrant
from vault.open import Opener
from vault.queries import sealed_of
from vault.types.key_file import KeyFile, read_key_file
from vault.types.service_account import SERVICE_ACCOUNT_KEY

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOD_FOR = 300
"""Seconds."""
_CLOCK_SKEW = 30
"""Seconds that our clock may be ahead of theirs."""


def assertion_request(key: KeyFile, *, scopes: str, subject: str = "") -> dict[str, str | Secret]:
    """What the token endpoint is asked with; `subject` is the person for whom the account acts."""
    return {"grant_type": GRANT_TYPE, "assertion": _assertion(key, scopes, subject)}


def renewal_by_key_file(grant: OAuthGrant, opener: Opener) -> dict[str, str | Secret]:
    """With the key file as it is saved now. Raises CannotOpen when there is none."""
    versions = CredentialVersion.objects.filter(is_current=True, credential__type=SERVICE_ACCOUNT_KEY.code)
    mine = versions.filter(credential__oauth_client_id=grant.client_id, credential__organization=grant.organization_id)
    version = mine.select_related("credential").order_by("-saved_at").first()
    if version is None:
        raise CannotOpen
    _, secret = opener.revealed(sealed_of(version))
    subject = grant.account if grant.user_id else ""
    return assertion_request(read_key_file(secret), scopes=grant.asked_scopes, subject=subject)


def metadata_of(key: KeyFile) -> dict[str, object]:
    """Nothing is discovered: the file says where tokens are fetched, and the assertion says who asks."""
    return {"issuer": key.token_url, "token_endpoint": key.token_url, "is_typed": True, "is_named_by_assertion": True}


def _assertion(key: KeyFile, scopes: str, subject: str) -> Secret:
    now = int(time.time()) - _CLOCK_SKEW
    claims = {"iss": key.email, "aud": key.token_url, "iat": now, "exp": now + GOOD_FOR, "jti": str(uuid4())}
    if subject or not _is_google(key.token_url):  # to Google a subject is always somebody whom the account acts for
        claims["sub"] = subject or key.email
    if scopes:
        claims["scope"] = scopes
    header = {"alg": key.algorithm, "typ": "JWT", **({"kid": key.key_id} if key.key_id else {})}
    token = JWT(header=header, claims=claims)
    token.make_signed_token(key.key)
    return Secret(token.serialize())


def _is_google(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "googleapis.com" or host.endswith(".googleapis.com")
