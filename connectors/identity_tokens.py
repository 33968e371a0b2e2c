"""Signed tokens that say who calls (JWT, ES256): made with the organization's own key, for one server, for minutes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from connectors.passed_identity import Identity
from harriet.lib.ids import new_id
from harriet.lib.sealed import Sealer

ALGORITHM = "ES256"
GOOD_SECONDS = 300
KEPT_SECONDS = 150
"""For how long one token is sent again: whoever gets it has half of its life left at least."""
_KEYS = Sealer("identity key/v1")


class TokenKey(NamedTuple):
    """The organization's key, opened."""

    kid: str
    private: ec.EllipticCurvePrivateKey
    issuer: str


class Said(NamedTuple):
    """A token, in seconds of Unix time: until when it is sent, and until when a server takes it."""

    token: str
    kept_until: float
    good_until: float


def new_private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def seal_key(private: ec.EllipticCurvePrivateKey, kid: str) -> bytes:
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return _KEYS.seal(der, kid.encode())


def open_key(sealed: bytes, kid: str) -> ec.EllipticCurvePrivateKey:
    """Raises NotSealedHere."""
    found = load_der_private_key(_KEYS.open(bytes(sealed), kid.encode()), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    return found


def public_key(private: ec.EllipticCurvePrivateKey, kid: str) -> Mapping[str, Any]:
    """As the key set has it (RFC 7517)."""
    found: Mapping[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {**found, "kid": kid, "use": "sig", "alg": ALGORITHM}


def signed(key: TokenKey, identity: Identity, audience: str) -> Said:
    """About one person, for the server at `audience` alone."""
    now = time.time()
    said: dict[str, Any] = {
        "iss": key.issuer,
        "aud": audience,
        "sub": identity.subject,
        "iat": int(now),
        "nbf": int(now) - 30,
        "exp": int(now) + GOOD_SECONDS,
        "jti": str(new_id()),
    }
    said |= {name: value for name in ("email", "employee_id") if (value := getattr(identity, name))}
    if identity.groups:
        said["groups"] = list(identity.groups)
    token = jwt.encode(said, key.private, ALGORITHM, {"kid": key.kid, "typ": "JWT"})
    return Said(token, now + KEPT_SECONDS, now + GOOD_SECONDS)
