"""Who signs people in to a connector's server: found by asking it without a credential, or as an admin entered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from connectors.access.reach import reach_of
from connectors.errors import UpstreamRefusedCredential
from connectors.inspect.look import discover as ask_server
from connectors.models import Connector
from harriet.lib.errors import Problem
from harriet.lib.secret import Secret
from vault.actions.save_oauth_client import known_client
from vault.errors import CredentialRefused
from vault.oauth.addresses import callback_address
from vault.oauth.challenge import NO_CHALLENGE, Challenge, read_challenge
from vault.oauth.discovery import Discovered, NothingDiscovered, discover, discover_server
from vault.oauth.metadata import Unfit, checked_endpoint, pkce_problem
from vault.oauth.registration import by_hand, takes_document
from vault.oauth.service_account import metadata_of
from vault.oauth.sign_in_exchange import exchange_problem
from vault.oauth.subjects import is_set_up
from vault.opened import OpenCredential
from vault.types.base import EXCHANGE, ORGANIZATION, PERSON, SERVICE_ACCOUNT, Placement
from vault.types.key_file import read_key_file
from vault.types.registry import TYPES


@dataclass(frozen=True, slots=True)
class SignInFound:
    """What of an authorization server is used, and what was entered with what was found filled in."""

    metadata: dict[str, Any]
    placement: dict[str, str]
    client_id: str
    """As entered; empty where Harriet registers itself."""


def find_sign_in(connector: Connector, type_: str, secret: Secret, placement: Placement) -> SignInFound:
    """`placement` was checked. Raises CredentialRefused beside the field that mends it. Changes nothing."""
    kind = TYPES[type_]
    if kind.signs_in_by == SERVICE_ACCOUNT:
        key = read_key_file(secret)
        return SignInFound(metadata_of(key), dict(placement), key.email)
    if kind.signs_in_by == EXCHANGE:
        _demand_company_sign_in(connector)
    found = _found(connector, placement)
    metadata, filled = found.metadata, _filled(placement, found)
    problem = pkce_problem(metadata) if kind.signs_in_by in {PERSON, ORGANIZATION} else ""
    problem = exchange_problem(metadata, placement) if kind.signs_in_by == EXCHANGE else problem
    if problem:
        what = "Nothing can be exchanged" if kind.signs_in_by == EXCHANGE else "Nobody can sign in"
        raise CredentialRefused(f"{what} at {found.issuer}. {problem}", field="issuer")
    return SignInFound(metadata, filled, placement.get("client_id", ""))


def _demand_company_sign_in(connector: Connector) -> None:
    if not is_set_up(connector.organization_id):
        raise CredentialRefused(
            "There is no sign-in to exchange: your company’s sign-in by OpenID Connect isn’t switched on. An owner "
            "sets it up under Settings, Sign-in. SAML gives nothing that could be exchanged.",
            field="type",
        )


def discovered(connector: Connector, challenge: Challenge) -> Discovered:
    """Raises NothingDiscovered."""
    return discover(connector.url, reach_of(connector, connector.organization), challenge)


class SignInNamed(NamedTuple):
    """Where a server wants people to sign in."""

    sentence: str
    """With what is to do for it; empty when the server doesn't say."""
    issuer: str
    """Empty when it isn't known."""


def sign_in_named(connector: Connector, header: str) -> SignInNamed:
    """By the server that sent this challenge."""
    try:
        found = discovered(connector, read_challenge(header))
    except NothingDiscovered as nothing:
        is_said = any(one.is_found for one in nothing.tried) or read_challenge(header).metadata_url
        return SignInNamed(nothing.message if is_said else "", "")
    to_do = pkce_problem(found.metadata) or _to_do(connector, found)
    return SignInNamed(f"This server asks people to sign in at {found.issuer}. {to_do}", found.issuer)


def _to_do(connector: Connector, found: Discovered) -> str:
    if known_client(connector.organization, found.issuer) is not None:
        return "Harriet is registered there already, so there is nothing to type."
    if takes_document(found.metadata) or found.metadata.get("registration_endpoint"):
        return "Harriet can register itself there, so there is nothing to type."
    return by_hand(found.issuer)


def challenge_of(connector: Connector) -> Challenge:
    """What the server says to somebody without a credential; nothing where it doesn't mind."""
    try:
        ask_server(connector, OpenCredential)
    except UpstreamRefusedCredential as refusal:
        return read_challenge(refusal.challenge)
    except Problem:
        return NO_CHALLENGE  # its metadata may be there all the same
    return NO_CHALLENGE


def _found(connector: Connector, placement: Placement) -> Discovered:
    issuer, resource = placement.get("issuer", ""), connector.url
    if placement.get("token_url"):
        metadata = _typed(connector, placement)
        return Discovered(resource, metadata["issuer"], metadata, (), ())
    try:
        if issuer:
            reach = reach_of(connector, connector.organization)
            metadata, tried = discover_server(issuer, reach)
            return Discovered(resource, issuer, metadata, _wanted(connector), tried)
        return discovered(connector, challenge_of(connector))
    except NothingDiscovered as nothing:
        raise CredentialRefused(
            f"{nothing.message} Enter the issuer, or the authorization and token URL, as the provider’s documentation "
            "names them.",
            field="issuer",
        ) from None


def _wanted(connector: Connector) -> tuple[str, ...]:
    """Scopes, where the server says which, whoever gives the tokens."""
    try:
        return discovered(connector, challenge_of(connector)).scopes
    except NothingDiscovered:
        return ()


def _typed(connector: Connector, placement: Placement) -> dict[str, Any]:
    """Addresses that a provider doesn't publish. Raises CredentialRefused."""
    issuer = placement.get("issuer") or placement["token_url"]
    if not placement.get("client_id"):
        raise CredentialRefused(
            "Enter the client ID that the provider gave you, too. Where it wants to know a redirect URL of Harriet’s, "
            f"that is {callback_address(issuer)}",
            field="client_id",
        )
    reach = reach_of(connector, connector.organization)
    names = {"token_url": "token_endpoint", "authorization_url": "authorization_endpoint"}
    metadata: dict[str, Any] = {"issuer": issuer, "is_typed": True}
    for field, name in names.items():
        try:
            if placement.get(field):
                metadata[name] = checked_endpoint(name, placement[field], reach)
        except Unfit as unfit:
            raise CredentialRefused(str(unfit), field=field) from None
    return metadata


def _filled(placement: Mapping[str, str], found: Discovered) -> dict[str, str]:
    """What was left empty as it was found, so that everybody sees what is used."""
    given = {name: value for name, value in placement.items() if value}
    return {**placement, "issuer": found.issuer, "resource": found.resource, "scopes": " ".join(found.scopes)} | given
