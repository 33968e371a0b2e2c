"""What a credential must look like to be saved, whatever its type. Messages never repeat any of the secret."""

from __future__ import annotations

from collections.abc import Iterable

from harriet.lib.secret import Secret
from vault.errors import CredentialRefused
from vault.types.base import CredentialType, Placement
from vault.types.registry import TYPES

LONGEST_SECRET = 8192
"""Characters."""


def check_credential(type_: str, secret: Secret, *, username: str, placement: Placement) -> dict[str, str]:
    """The placement to store. Raises CredentialRefused, with the field that is wrong."""
    kind = type_named(type_)
    checked = kind.check_placement(placement)
    _check_present(secret, kind)
    if username and not kind.has_username:
        named = _one_of(one.name for one in TYPES.values() if one.has_username)
        raise CredentialRefused(f"Only the type {named} has a user name.", field="username")
    kind.check_secret(secret, username, checked)
    return checked


def check_placement(type_: str, placement: Placement) -> dict[str, str]:
    """The whole placement for the type, with what was left out filled in. Raises CredentialRefused."""
    return type_named(type_).check_placement(placement)


def type_named(code: str) -> CredentialType:
    """Raises CredentialRefused when there is no such type."""
    if code not in TYPES:
        raise CredentialRefused(f"Choose {_one_of(one.name for one in TYPES.values())}.", field="type")
    return TYPES[code]


def _check_present(secret: Secret, kind: CredentialType) -> None:
    if not secret and kind.needs_secret:
        raise CredentialRefused("Enter the secret.", field="secret")
    if len(secret.reveal()) > LONGEST_SECRET:
        raise CredentialRefused(f"A secret has at most {LONGEST_SECRET} characters.", field="secret")


def _one_of(names: Iterable[str]) -> str:
    """As a sentence has them: "A, B or C"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
