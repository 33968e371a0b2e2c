"""The company's sign-in of whoever calls is exchanged for a token of the server (RFC 8693), in one step or, by an
identity assertion (ID-JAG), in two."""

from __future__ import annotations

from vault.errors import CredentialRefused
from vault.types.base import EXCHANGE, CredentialType, Input, Placement
from vault.types.oauth import (
    CLIENT_ID,
    ISSUER,
    RESOURCE,
    SCOPES,
    TOKEN_URL,
    check_client_secret,
    checked,
    no_place,
)

IN_ONE_STEP, BY_ASSERTION = "token_exchange", "id_jag"
STEPS = Input(
    "steps",
    "steps",
    "How the sign-in is exchanged",
    "In one step: the server named below takes the sign-in itself, and gives the token. In two: your identity provider "
    "gives an assertion for it first, which the server named below takes.",
    choices=((IN_ONE_STEP, "In one step (token exchange)"), (BY_ASSERTION, "In two steps (ID-JAG)")),
)
AUDIENCE = Input(
    "audience",
    "audience",
    "Audience",
    "Only in one step, and only where the provider calls the server by another name than its address, such as a client "
    "ID.",
    longest=500,
)
_INPUTS = (STEPS, ISSUER, CLIENT_ID, SCOPES, RESOURCE, AUDIENCE, TOKEN_URL)


def _check_placement(given: Placement) -> dict[str, str]:
    placement = checked(given, _INPUTS)
    if not placement["client_id"]:
        raise CredentialRefused("Enter the client ID with which the provider knows Harriet.", field="client_id")
    if placement["steps"] == BY_ASSERTION:
        _check_two_steps(placement)
    elif not placement["issuer"] and not placement["token_url"]:
        raise CredentialRefused(
            "Enter the issuer where the sign-in is exchanged. People’s sign-ins go to nobody whom only the server "
            "names.",
            field="issuer",
        )
    return placement


def _check_two_steps(placement: Placement) -> None:
    if placement["audience"]:
        raise CredentialRefused("In two steps the audience is the issuer. Leave this empty.", field="audience")
    if placement["token_url"] and not placement["issuer"]:
        raise CredentialRefused("Enter the issuer too: the assertion is made for it.", field="issuer")


def _sent_as(placement: Placement) -> str:
    how = "ID-JAG" if placement.get("steps") == BY_ASSERTION else "token exchange"
    return f"Each person’s company sign-in, exchanged ({how})"


TOKEN_EXCHANGE = CredentialType(
    code="token_exchange",
    name="each person’s company sign-in, exchanged",
    label="Each person’s company sign-in, exchanged for a token (token exchange, ID-JAG)",
    inputs=_INPUTS,
    check_placement=_check_placement,
    check_secret=check_client_secret,
    place=no_place,
    sent_as=_sent_as,
    example={"issuer": "https://id.example.com", "client_id": "harriet", "scopes": "tickets.read"},
    signs_in_by=EXCHANGE,
)
