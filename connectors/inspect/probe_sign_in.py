"""Signs in to a server by OAuth as the probe: discovery, registration and consent as for connectors, kept in memory."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harriet.lib.egress import Reach
from harriet.lib.errors import Problem
from harriet.lib.secret import Secret
from vault.models import OAuthClient
from vault.oauth.answers import Failure, TokenAnswer
from vault.oauth.asking import extras_of, scopes_to_ask
from vault.oauth.authorization import authorization_url, code_request, is_of_issuer, new_verifier
from vault.oauth.challenge import Challenge
from vault.oauth.client_authentication import proof_of
from vault.oauth.discovery import Discovered, discover
from vault.oauth.exchange import DEADLINE_SECONDS, Ready, send
from vault.oauth.metadata import pkce_problem
from vault.oauth.registration import Registration, method_for, register

MOST_TRIES = 3
"""Consents in one run: a server that wants more and more is not asked for ever."""

Browser = Callable[[str], Mapping[str, str]]
"""Takes somebody to an address, and brings what they come back with."""


class CannotSignInHere(Problem):
    """The probe could not get a token."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the provider gave whoever registered the probe there by hand."""

    client_id: str
    secret: Secret | None = None
    is_of_nobody: bool = False
    """Tokens are for the client itself: nobody signs in (client credentials)."""
    signs: bool = False
    """The secret is a private key (PEM), with which it signs who it is."""


@dataclass(slots=True)
class ProbeSignIn:
    """One run's registrations and scopes, by issuer."""

    url: str
    reach: Reach
    redirect_uri: str
    browse: Browser
    document: str = ""
    """The address of a client metadata document that says the same of the probe."""
    known: Known | None = None
    tries: int = 0
    _registered: dict[str, Registration] = field(default_factory=dict)
    _asked: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def token(self, challenge: Challenge) -> Secret:
        """Raises CannotSignInHere, NothingDiscovered, CannotRegister."""
        self.tries += 1
        if self.tries > MOST_TRIES:
            raise CannotSignInHere(f"The server still refused after {MOST_TRIES} sign-ins, so it was not tried again.")
        found = discover(self.url, self.reach, challenge)
        scopes = scopes_to_ask((*found.scopes, *self._asked.get(found.issuer, ())), found.metadata)
        self._asked[found.issuer] = scopes
        if self.known is not None and self.known.is_of_nobody:
            return self._of_nobody(found, scopes)
        problem = pkce_problem(found.metadata)
        if problem:
            raise CannotSignInHere(problem)
        return self._of_somebody(found, scopes)

    def _of_somebody(self, found: Discovered, scopes: tuple[str, ...]) -> Secret:
        registration, state, verifier = self._registration(found), Secret(secrets.token_urlsafe(32)), new_verifier()
        back = self.browse(
            authorization_url(
                found.metadata,
                client_id=registration.client_id,
                redirect_uri=self.redirect_uri,
                state=state,
                verifier=verifier,
                scopes=scopes,
                resource=found.resource,
                extras=extras_of(found.metadata, scopes),
            )
        )
        code = _code_of(back, state, found)
        request = code_request(code, verifier, redirect_uri=self.redirect_uri, resource=found.resource)
        return self._asked_for(registration, found.metadata, request)

    def _of_nobody(self, found: Discovered, scopes: tuple[str, ...]) -> Secret:
        request: dict[str, str | Secret] = {"grant_type": "client_credentials", "resource": found.resource}
        if scopes:
            request["scope"] = " ".join(scopes)
        return self._asked_for(self._registration(found), found.metadata, request)

    def _registration(self, found: Discovered) -> Registration:
        """By issuer: what one gave is never sent to another."""
        made = self._registered.get(found.issuer) or self._made(found)
        self._registered[found.issuer] = made
        return made

    def _made(self, found: Discovered) -> Registration:
        method, metadata = OAuthClient.AuthMethod, found.metadata
        if self.known is not None:
            offered = metadata.get("token_endpoint_auth_methods_supported", [method.BASIC.value])
            secret_ways = {"token_endpoint_auth_methods_supported": [one for one in offered if one != "none"]}
            way = method.KEY if self.known.signs else method_for(secret_ways) if self.known.secret else method.NONE
            return Registration(OAuthClient.Origin.TYPED, self.known.client_id, way, self.known.secret)
        if self.document and metadata.get("client_id_metadata_document_supported") is True:
            return Registration(OAuthClient.Origin.DOCUMENT, self.document, method.NONE)
        return register(metadata, self.reach, redirect_uri=self.redirect_uri)

    def _asked_for(
        self, registration: Registration, metadata: dict[str, Any], request: Mapping[str, str | Secret]
    ) -> Secret:
        client = OAuthClient(client_id=registration.client_id, auth_method=registration.auth_method, metadata=metadata)
        endpoint = str(metadata["token_endpoint"])
        ready = Ready(endpoint, proof_of(client, registration.secret, endpoint), self.reach)
        answer: TokenAnswer | Failure = send(ready, request, deadline=DEADLINE_SECONDS)
        if isinstance(answer, Failure):
            raise CannotSignInHere(f"The token endpoint gave no token. {answer.words}")
        return answer.access


def _code_of(back: Mapping[str, str], state: Secret, found: Discovered) -> Secret:
    if not secrets.compare_digest(back.get("state", "").encode(), state.reveal().encode()):
        raise CannotSignInHere("The answer came back with another state than it was asked with, so it was not used.")
    if not is_of_issuer(back, found.issuer, found.metadata):
        raise CannotSignInHere(f"The answer didn’t come from {found.issuer}, so it was not used.")
    if not back.get("code"):
        raise CannotSignInHere(f"It was not allowed there ({back.get('error', 'no reason given')[:60]}).")
    return Secret(back["code"])
