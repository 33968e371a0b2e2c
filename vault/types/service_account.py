"""A service account with a key file, as Google issues it: a signed assertion is exchanged for tokens (RFC 7523)."""

from __future__ import annotations

from functools import partial

from harriet.lib.secret import Secret
from vault.types.base import SERVICE_ACCOUNT, CredentialType, Input, Placement
from vault.types.key_file import read_key_file
from vault.types.oauth import SCOPES, checked, no_place

OF_NOBODY, OF_PERSON = "itself", "person"
SUBJECT = Input(
    "subject",
    "subject",
    "On whose behalf it acts",
    "A service account may act for people where the provider’s administrator allowed it (domain-wide delegation). "
    "Each person has to allow it beforehand.",
    choices=((OF_NOBODY, "Its own: one shared account"), (OF_PERSON, "The person’s whose call it is")),
)
_INPUTS = (SCOPES, SUBJECT)


def _check_secret(secret: Secret, _username: str, _placement: Placement) -> None:
    read_key_file(secret)


def _sent_as(placement: Placement) -> str:
    acts = " for each person" if placement.get("subject") == OF_PERSON else ""
    return f"A service account{acts} (key file)"


SERVICE_ACCOUNT_KEY = CredentialType(
    code="service_account",
    name="a service account’s key file",
    label="One shared account: a service account’s key file (JSON)",
    inputs=_INPUTS,
    check_placement=partial(checked, inputs=_INPUTS),
    check_secret=_check_secret,
    place=no_place,
    sent_as=_sent_as,
    example={"scopes": "tickets.read"},
    signs_in_by=SERVICE_ACCOUNT,
)
