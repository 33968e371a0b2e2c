"""Tokens that a provider signed: which algorithms, which key, for whom, how old. PyJWT verifies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from harriet.lib import base64url
from harriet.signin.errors import SignInRefused, refused

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""With a key pair. No shared secrets and no `none`: whoever knows the client's secret signs nothing here."""
SKEW_SECONDS = 60
OLDEST_SECONDS = 600
"""An ID token is made when it is asked for."""
LONGEST_LIFE = 24 * 3600
"""Seconds that anything is kept for, whatever a token says of its end."""
LONGEST = 64 * 1024
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

Keys = Callable[[bool], Mapping[str, Any]]
"""The provider's key set; asked with True to read it anew."""


def check_id_token(token: str, *, issuer: str, client_id: str, nonce: str, keys: Keys, now: float) -> dict[str, Any]:
    """What it says. Raises SignInRefused."""
    said = _checked(token, issuer, client_id, keys, now, required=["iss", "aud", "sub", "exp", "iat"])
    audience = said["aud"]
    if isinstance(audience, list) and len(audience) > 1 and said.get("azp") != client_id:
        raise refused("the identity provider’s answer is meant for several, and Harriet is not the one it names.")
    if said.get("azp", client_id) != client_id:
        raise refused("the identity provider’s answer was made for another client.")
    if not nonce or said.get("nonce") != nonce:
        raise refused("the identity provider’s answer does not belong to this sign-in.")
    if said["iat"] < now - OLDEST_SECONDS:
        raise refused("the identity provider’s answer is too old.")
    return said


def check_access_token(access_token: str, id_token: str, said: Mapping[str, Any]) -> None:
    """That both came together (OpenID Connect Core §3.1.3.8), where the checked ID token says so. Raises
    SignInRefused."""
    if "at_hash" not in said:
        return
    name = str(jwt.get_unverified_header(id_token)["alg"])
    bits = "512" if name == "EdDSA" else name[2:]  # Ed25519 signs with SHA-512
    half = hashlib.new(f"sha{bits}", access_token.encode()).digest()[: int(bits) // 16]
    if said["at_hash"] != base64url.encode(half):
        raise refused("the identity provider’s answer holds a token that does not belong to it.")


def check_logout_token(token: str, *, issuer: str, client_id: str, keys: Keys, now: float) -> dict[str, Any]:
    """OpenID Connect Back-Channel Logout 1.0 §2.6. Raises SignInRefused."""
    said = _checked(token, issuer, client_id, keys, now, required=["iss", "aud", "iat", "jti", "exp"])
    events = said.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise refused("this is no logout token.")
    if "nonce" in said or not (said.get("sub") or said.get("sid")) or said["iat"] < now - OLDEST_SECONDS:
        raise refused("this is no logout token that Harriet takes.")
    return said


def _checked(token: str, issuer: str, client_id: str, keys: Keys, now: float, *, required: list[str]) -> dict[str, Any]:
    if len(token) > LONGEST:
        raise refused("the identity provider’s answer is longer than Harriet reads.")
    try:
        key, algorithm = _key_for(token, keys)
        options: Any = {"require": required}
        said: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], audience=client_id, issuer=issuer, leeway=SKEW_SECONDS, options=options
        )
    except SignInRefused:
        raise
    except jwt.ExpiredSignatureError:
        raise refused("the identity provider’s answer has expired. Sign in again; a clock may be wrong.") from None
    except jwt.InvalidAudienceError:
        raise refused("the identity provider’s answer is meant for another client.") from None
    except jwt.InvalidIssuerError:
        raise refused("the answer comes from another identity provider than the one that was asked.") from None
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise refused("the identity provider’s answer can’t be verified.") from None
    if not isinstance(said.get("iat", 0), int | float) or not isinstance(said.get("exp", 0), int | float):
        raise refused("the identity provider’s answer can’t be verified.")
    return said | ({"exp": min(said["exp"], now + LONGEST_LIFE)} if "exp" in said else {})


def _key_for(token: str, keys: Keys) -> tuple[Any, str]:
    """The key that the token names; read anew, once, when the provider changed its keys."""
    header = jwt.get_unverified_header(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise refused("the identity provider signs in a way that Harriet does not accept. Use RS256 or ES256 there.")
    if header.get("crit"):
        raise refused("the identity provider’s answer asks for an extension that Harriet does not know.")
    for is_anew in (False, True):
        found = _matching(keys(is_anew), header.get("kid"), algorithm)
        if found is not None:
            return found.key, algorithm
    raise refused("the identity provider signed with a key that it does not publish.")


_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


def _matching(keys: Mapping[str, Any], kid: Any, algorithm: str) -> jwt.PyJWK | None:
    """Without a name there has to be exactly one that fits."""
    fitting = [
        key
        for key in keys.get("keys", [])
        if key.get("kty") == _KINDS[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
    return jwt.PyJWK(fitting[0], algorithm=algorithm) if len(fitting) == 1 else None
