"""The types of credential that there are. Whoever lists them, or what is entered for them, reads it here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from harriet.lib.secret import Secret
from vault.opened import OpenCredential
from vault.types.base import CredentialType, Input, Placement
from vault.types.basic import BASIC
from vault.types.bearer import BEARER
from vault.types.header import HEADER
from vault.types.oauth_client import OAUTH_CLIENT
from vault.types.oauth_shared import OAUTH_SHARED
from vault.types.oauth_user import OAUTH_USER
from vault.types.service_account import SERVICE_ACCOUNT_KEY
from vault.types.token_exchange import TOKEN_EXCHANGE

TYPES: dict[str, CredentialType] = {
    BASIC.code: BASIC,
    BEARER.code: BEARER,
    HEADER.code: HEADER,
    OAUTH_USER.code: OAUTH_USER,
    OAUTH_SHARED.code: OAUTH_SHARED,
    OAUTH_CLIENT.code: OAUTH_CLIENT,
    SERVICE_ACCOUNT_KEY.code: SERVICE_ACCOUNT_KEY,
    TOKEN_EXCHANGE.code: TOKEN_EXCHANGE,
}
"""By the code that is stored, in the order in which they are offered."""
USUAL_TYPE = BEARER.code
"""What a form offers first."""
NO_CREDENTIAL_TYPE = "none"
"""Said in a type's place for a connector that has no credential."""


class Entered(NamedTuple):
    """What was entered for a credential beside its secret."""

    username: str
    """Empty for types that have none."""
    placement: dict[str, str]
    """Without what was left empty: the type's rules fill it in."""


def type_choices() -> list[tuple[str, str]]:
    """Code and label of each type. Migrations name this function, so that a new type needs none."""
    return [(code, one.label) for code, one in TYPES.items()]


def choices_with_none() -> list[tuple[str, str]]:
    """What can be chosen for a connector: a type, or no credential at all."""
    return [(NO_CREDENTIAL_TYPE, "None"), *type_choices()]


def placed(code: str, placement: Placement, username: str, secret: Secret) -> OpenCredential:
    """What goes with a request. Raises KeyError for a type that a later Harriet saved."""
    return TYPES[code].place(secret, username, placement)


def inputs_of(code: str) -> tuple[Input, ...]:
    """What a type asks for beside the secret; nothing when there is no credential."""
    return TYPES[code].inputs if code in TYPES else ()


def asked_of(code: str) -> tuple[Input, ...]:
    """What a page asks for when the type is chosen."""
    return tuple(one for one in inputs_of(code) if one not in TYPES[code].unasked)


def all_inputs() -> list[Input]:
    """What any type asks for, each once."""
    return list(dict.fromkeys(one for kind in TYPES.values() for one in kind.inputs))


def entered(inputs: Iterable[Input], values: Mapping[str, Any]) -> Entered:
    """What `values`, by the names of the inputs, say: text, or None and "" for what was left out."""
    given = {one: str(values[one.name]) for one in inputs if values.get(one.name)}
    username = next((value for one, value in given.items() if one.is_sealed), "")
    return Entered(username, {one.key: value for one, value in given.items() if not one.is_sealed})
