"""One request to a token endpoint: under egress, once, with one deadline over all of it. Nothing of it is logged.

Whether the request may have arrived is told of each failure: what may have been spent is not spent again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, session
from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.models import OAuthClient
from vault.oauth.answers import Failure, TokenAnswer, classify
from vault.oauth.client_authentication import Proof, proof_of
from vault.oauth.error_codes import Kind
from vault.oauth.reach import reach_of_issuer
from vault.oauth.sealing import client_secret

DEADLINE_SECONDS = 20.0
"""Over everything: name, connection, request and answer. Shorter than a lease."""
LARGEST_ANSWER = 256 * 1024
"""Bytes."""

Parameters = Mapping[str, str | Secret]


def token_request(
    client: OAuthClient, parameters: Parameters, *, deadline: float = DEADLINE_SECONDS
) -> TokenAnswer | Failure:
    """Asks the client's token endpoint, once. Its database connection is used before the request alone."""
    endpoint = str(client.metadata.get("token_endpoint") or "")
    refusal = _endpoint_refused(client, endpoint)
    if refusal is not None:
        return refusal
    try:
        proof = proof_of(client, client_secret(client), endpoint)
    except CannotOpen:
        return _operator("no_secret", "The client secret of this sign-in can't be used. An admin has to enter it anew.")
    return _posted(client, endpoint, proof, parameters, deadline)


def _endpoint_refused(client: OAuthClient, endpoint: str) -> Failure | None:
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        parts = urlsplit("")
    if not parts.netloc:
        return _operator("no_endpoint", "The address of the token endpoint is not known. An admin has to enter it.")
    if parts.scheme == "https" or (parts.scheme == "http" and client.allow_internal):
        return None
    return _operator("not_https", "The token endpoint is not an https address, so nothing was sent there.")


def _posted(
    client: OAuthClient, endpoint: str, proof: Proof, parameters: Parameters, deadline: float
) -> TokenAnswer | Failure:
    reach = reach_of_issuer(client.organization, allow_internal=client.allow_internal)
    try:
        with session(reach, deadline=deadline, max_bytes=LARGEST_ANSWER) as opened:
            answer = opened.post(
                endpoint,
                data=urlencode({name: _text(value) for name, value in {**parameters, **proof.parameters}.items()}),
                headers={
                    "Accept": "application/json",
                    "Content-Type": "application/x-www-form-urlencoded",
                    **{name: value.reveal() for name, value in proof.headers.items()},
                },
            )
    except EgressRefused as problem:
        return _operator("out_of_reach", problem.message)
    except (EgressTimeout, EgressFailed) as problem:
        return Failure(
            Kind.TRANSIENT, "no_answer", problem.message, is_outcome_open=problem.was_sent, is_endpoint_wide=True
        )
    return classify(answer.status_code, answer.headers, answer.content)


def _text(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _operator(code: str, words: str) -> Failure:
    return Failure(Kind.OPERATOR, code, words)
