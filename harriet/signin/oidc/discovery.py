"""What a provider publishes of itself: its addresses and its keys (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, check_url, session
from harriet.lib.text import excerpt
from harriet.people.errors import PeopleError

WELL_KNOWN = "/.well-known/openid-configuration"
SECONDS = 10.0
_LARGEST = 512 * 1024
MOST_KEYS = 50
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_KEPT = (*_ADDRESSES, "userinfo_endpoint", "end_session_endpoint", "revocation_endpoint")
_LISTS = ("token_endpoint_auth_methods_supported", "code_challenge_methods_supported", "scopes_supported")


@dataclass(frozen=True, slots=True)
class Discovered:
    endpoints: Mapping[str, Any]
    keys: Mapping[str, Any]
    """The key set (RFC 7517)."""


def discover(issuer: str, reach: Reach) -> Discovered:
    """Raises PeopleError, beside the field `issuer`."""
    said = _json(issuer.rstrip("/") + WELL_KNOWN, reach)
    if said.get("issuer") != issuer:
        raise _problem(
            f"The provider calls itself “{excerpt(str(said.get('issuer', '')), 200)}”. Give exactly that as the issuer."
        )
    endpoints: dict[str, Any] = {name: said[name] for name in _KEPT if isinstance(said.get(name), str)}
    for name in _ADDRESSES:
        _check_address(str(endpoints.get(name, "")), name, reach)
    if "userinfo_endpoint" in endpoints:
        _check_address(endpoints["userinfo_endpoint"], "userinfo_endpoint", reach)
    endpoints |= {name: [str(one) for one in said[name]][:50] for name in _LISTS if isinstance(said.get(name), list)}
    endpoints["says_iss"] = said.get("authorization_response_iss_parameter_supported") is True
    return Discovered(endpoints, read_keys(endpoints["jwks_uri"], reach))


def read_keys(address: str, reach: Reach) -> Mapping[str, Any]:
    """Raises PeopleError."""
    said = _json(address, reach)
    keys = said.get("keys")
    if not isinstance(keys, list) or not keys:
        raise _problem("The provider publishes no keys, so no answer of it could be verified.")
    return {
        "keys": [key for key in keys[:MOST_KEYS] if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")]
    }


def _json(address: str, reach: Reach) -> Mapping[str, Any]:
    try:
        answer = session(reach, deadline=SECONDS, max_bytes=_LARGEST).get(
            address, headers={"Accept": "application/json"}
        )
        said = answer.json() if answer.status_code == 200 else None
    except (EgressRefused, EgressFailed, EgressTimeout) as problem:
        raise _problem(f"The provider could not be asked. {problem}") from None
    except requests.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise _problem(f"{excerpt(address, 200)} did not answer with what a provider publishes there.")
    return said


def _check_address(address: str, name: str, reach: Reach) -> None:
    try:
        check_url(address, reach)
    except EgressRefused as problem:
        raise _problem(f"The provider’s address {name} can’t be used. {problem}") from None


def _problem(words: str) -> PeopleError:
    return PeopleError(words, field="issuer")
