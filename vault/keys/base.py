"""What a root key is to the vault: it wraps data keys, wherever it is kept. One file of this folder for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RootKeyDescription:
    """What rows and operators know of a root key."""

    provider: str
    """The kind, as the registry calls it and rows remember it. At most 20 characters."""
    label: str
    """Tells an operator which key this is, and tells keys apart; shows nothing of the key. At most 80 characters."""


class RootKeyProvider(Protocol):
    """`context` is bound to what is wrapped: unwrapping with another context raises CannotOpen. A key that can't be
    used at the moment is a Problem whose sentence says what to do."""

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes: ...

    def describe(self) -> RootKeyDescription: ...
