"""One request to a token endpoint: under egress, once, with one deadline over all of it. Nothing of it is logged.

Whether the request may have arrived is told of each failure: what may have been spent is not spent again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.db import connection

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, session
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


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a request needs of the database."""

    endpoint: str
    proof: Proof
    reach: Reach


def token_request(
    client: OAuthClient, parameters: Parameters, *, deadline: float = DEADLINE_SECONDS
) -> TokenAnswer | Failure:
    """Asks the client's token endpoint, once."""
    ready = prepared(client)
    return ready if isinstance(ready, Failure) else send(ready, parameters, deadline=deadline)


def prepared(client: OAuthClient) -> Ready | Failure:
    """What goes with each request. The database isn't needed after it, so its connection can be given back."""
    endpoint = str(client.metadata.get("token_endpoint") or "")
    refusal = _endpoint_refused(client, endpoint)
    if refusal is not None:
        return refusal
    try:
        proof = proof_of(client, client_secret(client), endpoint)
    except CannotOpen:
        return _operator("no_secret", "The client secret of this sign-in can't be used. An admin has to enter it anew.")
    return Ready(endpoint, proof, reach_of_issuer(client.organization, allow_internal=client.allow_internal))


def send(ready: Ready, parameters: Parameters, *, deadline: float) -> TokenAnswer | Failure:
    """One POST."""
    form = {name: _text(value) for name, value in {**parameters, **ready.proof.parameters}.items()}
    headers = {name: value.reveal() for name, value in ready.proof.headers.items()}
    headers |= {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    try:
        with session(ready.reach, deadline=deadline, max_bytes=LARGEST_ANSWER) as opened:
            answer = opened.post(ready.endpoint, data=urlencode(form), headers=headers)
    except EgressRefused as problem:
        return _operator("out_of_reach", problem.message)
    except (EgressTimeout, EgressFailed) as problem:
        return Failure(
            Kind.TRANSIENT, "no_answer", problem.message, is_outcome_open=problem.was_sent, is_endpoint_wide=True
        )
    return classify(answer.status_code, answer.headers, answer.content)


def give_connection_back() -> None:
    """Nobody holds a connection of the pool while something else is waited for."""
    if not connection.in_atomic_block:
        connection.close()


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


def _text(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _operator(code: str, words: str) -> Failure:
    return Failure(Kind.OPERATOR, code, words)
