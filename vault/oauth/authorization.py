"""The authorization request and its answer (RFC 6749 §4.1, RFC 7636, RFC 8707, RFC 9207). No database, no network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import WebApplicationClient

from harriet.lib.secret import Secret

LONGEST_ANSWER = 4096
"""Characters of a parameter that somebody comes back with."""


def new_verifier() -> Secret:
    return Secret(WebApplicationClient("").create_code_verifier(64))


def challenge_of(verifier: Secret) -> str:
    return str(WebApplicationClient("").create_code_challenge(verifier.reveal(), "S256"))


def authorization_url(
    metadata: Mapping[str, Any],
    *,
    client_id: str,
    redirect_uri: str,
    state: Secret,
    verifier: Secret,
    scopes: tuple[str, ...],
    resource: str,
    extras: Mapping[str, str],
) -> str:
    """Where a person is sent. It holds the state, as the protocol wants: it is for their browser alone."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state.reveal(),
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        "resource": resource,
        **extras,
    }
    given = [(name, value) for name, value in parameters.items() if value]
    return str(add_params_to_uri(metadata["authorization_endpoint"], given))


def is_of_issuer(parameters: Mapping[str, str], issuer: str, metadata: Mapping[str, Any]) -> bool:
    """RFC 9207 §2.4: letter by letter where the answer says who it is from; where the server said that it does, it
    must."""
    said = parameters.get("iss")
    if said is None:
        return metadata.get("authorization_response_iss_parameter_supported") is not True
    return said == issuer


def code_request(code: Secret, verifier: Secret, *, redirect_uri: str, resource: str) -> dict[str, str | Secret]:
    """What the token endpoint is asked with; how Harriet proves who it is comes beside it."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        **({"resource": resource} if resource else {}),
    }
