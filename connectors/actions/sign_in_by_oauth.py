"""Set up how Harriet, or each person, signs in to a connector's server by OAuth: found, tried, then registered."""

from __future__ import annotations

from typing import Any

from audit.actor import Actor
from connectors.inspect.sign_in import SignInFound
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.actors import person_behind
from vault.actions.save_oauth_client import known_client, registered_client, typed_client, unsaved_client
from vault.errors import CredentialRefused
from vault.models import OAuthClient
from vault.oauth.answers import BEARER, Failure, TokenAnswer
from vault.oauth.exchange import token_request
from vault.oauth.registration import CannotRegister
from vault.oauth.service_account import assertion_request
from vault.oauth.sign_in_exchange import tried_exchange
from vault.opened import OpenCredential
from vault.types.base import CLIENT, EXCHANGE, ORGANIZATION, PERSON, SERVICE_ACCOUNT
from vault.types.key_file import read_key_file
from vault.types.oauth import resource_in, sent_with
from vault.types.registry import TYPES
from vault.types.service_account import OF_PERSON


def register_sign_in(
    connector: Connector, type_: str, secret: Secret, found: SignInFound, *, actor: Actor
) -> OAuthClient:
    """The registration at that issuer, which connectors share. Raises CredentialRefused beside what mends it."""
    kind = TYPES[type_]
    more: dict[str, Any] = {"name": connector.name, "allow_internal": connector.allow_internal, "actor": actor}
    if kind.signs_in_by == CLIENT and not secret:
        _demand_secret(connector, found)
    if found.client_id:
        own = None if kind.signs_in_by == SERVICE_ACCOUNT else secret
        return typed_client(
            connector.organization, found.metadata, client_id=found.client_id, secret=own or None, **more
        )
    try:
        return registered_client(connector.organization, found.metadata, **more)
    except CannotRegister as cannot:
        raise CredentialRefused(cannot.message, field="client_id") from None


def _demand_secret(connector: Connector, found: SignInFound) -> None:
    """Nobody's consent stands behind these tokens, so a public client can't have any (RFC 6749 §4.4)."""
    known = known_client(connector.organization, found.metadata["issuer"], found.client_id)
    if known is None or known.sealed_secret is None:
        raise CredentialRefused(
            "Enter the client ID and secret that the provider gave you: without them nobody gets tokens of their own "
            "there.",
            field="secret" if found.client_id else "client_id",
        )


def token_on_trial(
    connector: Connector, type_: str, secret: Secret, found: SignInFound, *, actor: Actor
) -> OpenCredential | None:
    """What a server can be tried with before anything is saved; None where only somebody's sign-in would tell. Of
    people's company sign-ins that of whoever saves it is exchanged, and nobody else's.

    Raises CredentialRefused with what the provider said.
    """
    kind = TYPES[type_]
    if kind.signs_in_by in {PERSON, ORGANIZATION} or found.placement.get("subject") == OF_PERSON:
        return None
    if kind.signs_in_by == CLIENT and not secret:
        _demand_secret(connector, found)
    answer = _answered(connector, type_, secret, found, actor)
    if isinstance(answer, Failure):
        raise CredentialRefused(f"The provider gave no token. {answer.words}", field="secret")
    if answer is not None and answer.token_type != BEARER:
        raise CredentialRefused(
            f"The provider gave a token that isn’t a bearer token ({answer.token_type}), so it could not be sent.",
            field="secret",
        )
    return sent_with(answer.access) if answer is not None else None


def _answered(
    connector: Connector, type_: str, secret: Secret, found: SignInFound, actor: Actor
) -> TokenAnswer | Failure | None:
    if TYPES[type_].signs_in_by == EXCHANGE:
        person = person_behind(actor)
        client = _asking(connector, secret, found)
        client.allow_internal = connector.allow_internal
        return tried_exchange(client, found.placement, person.pk) if person is not None else None
    client, parameters = _trial(connector, type_, secret, found)
    client.allow_internal = connector.allow_internal
    return token_request(client, parameters)


def _trial(
    connector: Connector, type_: str, secret: Secret, found: SignInFound
) -> tuple[OAuthClient, dict[str, str | Secret]]:
    """Who would ask, and what with. Nothing is saved."""
    organization, scopes = connector.organization, found.placement.get("scopes", "")
    if TYPES[type_].signs_in_by == SERVICE_ACCOUNT:
        unsaved = unsaved_client(organization, found.metadata, client_id=found.client_id, secret=None)
        return unsaved, assertion_request(read_key_file(secret), scopes=scopes)
    parameters: dict[str, str | Secret] = {"grant_type": "client_credentials"}
    resource = resource_in(found.placement)
    parameters |= {name: one for name, one in (("scope", scopes), ("resource", resource)) if one}
    return _asking(connector, secret, found), parameters


def _asking(connector: Connector, secret: Secret, found: SignInFound) -> OAuthClient:
    """With the secret that was entered, or the one that is kept of that registration."""
    known = known_client(connector.organization, found.metadata["issuer"], found.client_id)
    if known is not None and not secret:
        return known
    return unsaved_client(connector.organization, found.metadata, client_id=found.client_id, secret=secret)
