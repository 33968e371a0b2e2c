"""The sources that a secret can come from (later a store such as a cloud's), by the kind that a version names."""

from __future__ import annotations

from collections.abc import Callable

from vault.keys.data_keys import Keyring
from vault.sources.base import SecretSource
from vault.sources.sealed import SealedHere
from vault.stored import SEALED_HERE

SOURCES: dict[str, Callable[[Keyring], SecretSource]] = {
    SEALED_HERE: SealedHere,
}
"""Rows of versions don't say their source while there is one: the second brings the column, with this one as default,
which `vault.queries.sealed_of` hands on."""
