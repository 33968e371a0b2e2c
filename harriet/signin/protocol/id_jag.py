"""An identity assertion as a client brings it (ID-JAG, draft-ietf-oauth-identity-assertion-authz-grant): its form, its
signature and its claims. What they mean here is judged elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import jwt

from harriet.signin.protocol.problems import OAuthProblem

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ID_JAG_PROFILE = "urn:ietf:params:oauth:grant-profile:id-jag"
TYPE = "oauth-id-jag+jwt"
WORKLOAD_TYPE = "JWT"
"""Said, or not said at all, by what is no assertion about a person."""
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
"""With a public key, all of them; never a shared secret and never `none`."""
LARGEST = 16 * 1024
"""Characters."""
SKEW = timedelta(seconds=30)
_LONGEST_TEXT = 500
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of characters: no text has them, and none can be looked for."""
_SMALLEST_RSA = 2048
_LATEST = 253402300799
"""The last second that a datetime has."""


class Unproved(NamedTuple):
    """What an assertion says before anybody has looked at its signature: enough to choose by whose keys to judge it."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        return text_of(self.claims, "iss")

    @property
    def key_id(self) -> str | None:
        found = self.header.get("kid")
        return found if isinstance(found, str) else None


class Times(NamedTuple):
    issued: datetime
    expires: datetime


def refused(message: str) -> OAuthProblem:
    return OAuthProblem("invalid_grant", message)


def is_of_workload(text: str) -> bool:
    """By the type that it says: a plain JWT, or none, as platforms write about their workloads. Never what an assertion
    about a person has."""
    try:
        header = jwt.get_unverified_header(text) if len(text) <= LARGEST else {"typ": ""}
    except (jwt.PyJWTError, ValueError, RecursionError):
        return False
    return header.get("typ", WORKLOAD_TYPE) == WORKLOAD_TYPE


def read(text: str) -> Unproved:
    """One about a person. Raises OAuthProblem."""
    unproved = decoded(text)
    if unproved.header.get("typ") != TYPE:
        said = unproved.header.get("typ")
        shown = f"“{said[:60]}”" if isinstance(said, str) and said.isprintable() else "missing or no text"
        raise refused(f"The assertion's typ has to be {TYPE}; it is {shown}. Other assertions are not taken here.")
    return unproved


def decoded(text: str) -> Unproved:
    """Raises OAuthProblem."""
    if len(text) > LARGEST:
        raise refused(f"The assertion is longer than {LARGEST} characters.")
    try:
        found = jwt.decode_complete(text, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise refused("The assertion is not a signed JWT.") from None
    unproved = Unproved(text, found["header"], found["payload"])
    _check_header(unproved.header)
    return unproved


def _check_header(header: Mapping[str, Any]) -> None:
    if header.get("alg") not in ALGORITHMS:
        raise refused(f"The assertion's alg is none of {', '.join(ALGORITHMS)}.")
    if "crit" in header or "b64" in header:
        raise refused("The assertion's header has extensions that Harriet does not know.")


def signing_keys(unproved: Unproved, key_set: Any) -> list[jwt.PyJWK]:
    """Those of the set that may have signed it: by its `kid`, or the only one when it names none."""
    algorithm = str(unproved.header["alg"])
    keys = [key for one in _entries(key_set) if (key := _key(one, algorithm)) is not None]
    if "kid" not in unproved.header:
        return keys if len(keys) == 1 else []
    return [key for key in keys if key.key_id is not None and key.key_id == unproved.key_id]


def _entries(key_set: Any) -> list[dict[str, Any]]:
    entries = key_set.get("keys") if isinstance(key_set, dict) else None
    return [one for one in entries[:100] if isinstance(one, dict)] if isinstance(entries, list) else []


def _key(one: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    if one.get("kty") not in {"RSA", "EC", "OKP"} or one.get("use", "sig") != "sig":
        return None
    if one.get("alg", algorithm) != algorithm:
        return None
    try:
        found = jwt.PyJWK(one, algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    too_short = one["kty"] == "RSA" and getattr(found.key, "key_size", 0) < _SMALLEST_RSA
    return None if too_short else found


def is_signed(unproved: Unproved, keys: Iterable[jwt.PyJWK]) -> bool:
    return any(_is_signed_by(unproved, key) for key in keys)


def _is_signed_by(unproved: Unproved, key: jwt.PyJWK) -> bool:
    try:
        jwt.api_jws.decode(unproved.text, key.key, algorithms=[str(unproved.header["alg"])])
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


def times_of(claims: Mapping[str, Any], now: datetime, longest: timedelta) -> Times:
    """Raises OAuthProblem for one that is too old, of the future, or good for too long."""
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if "nbf" in claims and _moment(claims, "nbf") > now + SKEW:
        raise refused("The assertion is not to be used yet (nbf).")
    if issued > now + SKEW:
        raise refused("The assertion is of the future (iat). Compare the clocks.")
    if expires <= now - SKEW:
        raise refused("The assertion has expired (exp).")
    if expires <= issued or expires - issued > longest:
        raise refused(f"An assertion may be good for {int(longest.total_seconds())} seconds at most (iat to exp).")
    return Times(issued, expires)


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refused(f"The assertion has no {name}, or one that is no number.")
    if not 0 < value <= _LATEST:
        raise refused(f"The assertion's {name} is no moment of this time.")
    return datetime.fromtimestamp(value, UTC)


def text_of(claims: Mapping[str, Any], name: str) -> str:
    """Raises OAuthProblem."""
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > _LONGEST_TEXT or _UNREADABLE.search(value):
        raise refused(f"The assertion has no {name}, or one that is not a text of up to {_LONGEST_TEXT} characters.")
    return value


def only_one(claims: Mapping[str, Any], name: str) -> str:
    """Of a claim that may be a list: its one entry. Raises OAuthProblem for several."""
    value = claims.get(name)
    if isinstance(value, list):
        if len(value) != 1:
            raise refused(f"The assertion's {name} has to name exactly one.")
        value = value[0]
    return text_of({name: value}, name)


def scopes_of(claims: Mapping[str, Any]) -> set[str] | None:
    """None where the issuer says nothing of them. Raises OAuthProblem."""
    if "scope" not in claims:
        return None
    value = claims["scope"]
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise refused("The assertion's scope is not a text.")
    return set(value.split())


def usable_keys(key_set: Any) -> bool:
    """Whether there is any public key in it that could sign an assertion; one with a private part is nobody's to
    paste."""
    entries = _entries(key_set)
    if any("d" in one or one.get("kty") == "oct" for one in entries):
        return False
    return any(_key(one, algorithm) is not None for one in entries for algorithm in ALGORITHMS)
