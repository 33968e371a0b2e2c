"""How Harriet proves to a token endpoint which client it is: nothing, a secret, or an assertion that it signs."""

from __future__ import annotations

import base64
import time
from typing import NamedTuple
from urllib.parse import quote_plus
from uuid import uuid4

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.models import OAuthClient

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 240
"""That an assertion is good for, by our clock, which may be behind theirs."""
_CLOCK_SKEW = 30
"""Seconds that it may be ahead of theirs."""
_ALGORITHMS = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


class Proof(NamedTuple):
    """What goes with one request to the token endpoint."""

    headers: dict[str, Secret]
    parameters: dict[str, Secret]


def proof_of(client: OAuthClient, secret: Secret | None, token_endpoint: str) -> Proof:
    """Raises CannotOpen for a registration whose secret is missing or no key."""
    method = OAuthClient.AuthMethod(client.auth_method)
    named = {"client_id": Secret(client.client_id)}
    if method is OAuthClient.AuthMethod.NONE:
        return Proof({}, {} if client.metadata.get("is_named_by_assertion") else named)
    if secret is None:
        raise CannotOpen
    if method is OAuthClient.AuthMethod.BASIC:
        return Proof({"Authorization": _basic(client.client_id, secret)}, {})
    if method is OAuthClient.AuthMethod.POST:
        return Proof({}, {**named, "client_secret": secret})
    assertion = signed_assertion(client.client_id, secret, client.metadata.get("issuer") or token_endpoint)
    return Proof({}, {**named, "client_assertion_type": Secret(ASSERTION_TYPE), "client_assertion": assertion})


def _basic(client_id: str, secret: Secret) -> Secret:
    """RFC 6749 §2.3.1: each is form-encoded first, so that a colon in either does no harm."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return Secret(f"Basic {base64.b64encode(pair.encode()).decode()}")


def signed_assertion(client_id: str, private_key: Secret, audience: str) -> Secret:
    """RFC 7523 §2.2, for the issuer alone. Raises CannotOpen when what is kept is no private key."""
    key = private_jwk(private_key)
    if key is None:
        raise CannotOpen
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "jti": str(uuid4()), "iat": now - _CLOCK_SKEW}
    header = {"alg": algorithm_of(key), "typ": "JWT", **({"kid": key.key_id} if key.key_id else {})}
    token = JWT(header=header, claims={**claims, "exp": now + ASSERTION_SECONDS})
    token.make_signed_token(key)
    return Secret(token.serialize())


def private_jwk(private_key: Secret) -> JWK | None:
    """PEM or JWK; None when it is no private key that could sign."""
    text = private_key.reveal().strip()
    try:
        key = JWK.from_json(text) if text.startswith("{") else JWK.from_pem(text.encode())
    except (JWException, ValueError, TypeError):
        return None
    return key if key.has_private and algorithm_of(key) else None


def algorithm_of(key: JWK) -> str:
    """Empty for a kind of key that signs nothing."""
    return _ALGORITHMS.get(str(key.get("crv") or key.get("kty")), "")
