"""Root keys and what they wrap: the key file, the canary that proves it is the right one, the data keys.

A key service (PKCS#11, a cloud's KMS) is another RootKeyProvider; nothing else knows where the root key is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from harriet.lib.errors import Problem
from harriet.lib.keyfile import read_key
from vault.errors import CannotOpen, WrongRootKey
from vault.models import DataKey, RootKey
from vault.seal import Key, KeyKind, length_prefixed, seal, unseal

_CANARY = b"harriet root key canary"
_CANARY_CONTEXT = {"purpose": "canary"}


@dataclass(frozen=True, slots=True)
class RootKeyDescription:
    provider: str
    label: str
    """Tells an operator which key this is, and tells keys apart; shows nothing of the key."""


class RootKeyProvider(Protocol):
    """`context` is bound to what is wrapped: unwrapping with another context raises CannotOpen."""

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes: ...

    def describe(self) -> RootKeyDescription: ...

    def health(self) -> str:
        """Empty when the key can be used, else a sentence that says what is wrong."""
        ...


class KeyFile:
    """The root key in the file `vault.key` of the keys folder."""

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        return seal(self._key(), KeyKind.ROOT, 0, _flat(context), plaintext)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        return unseal(self._key(), KeyKind.ROOT, 0, _flat(context), wrapped)

    def describe(self) -> RootKeyDescription:
        fingerprint = self._key().derive(b"harriet/root-key-fingerprint/v1").reveal()[:6].hex()
        return RootKeyDescription("keyfile", f"vault.key, fingerprint {fingerprint}")

    def health(self) -> str:
        try:
            probe = self.wrap(_CANARY, _CANARY_CONTEXT)
            return (
                ""
                if self.unwrap(probe, _CANARY_CONTEXT) == _CANARY
                else "The key file does not give back what it wrapped."
            )
        except Problem as error:
            return error.message

    def _key(self) -> Key:
        return Key(read_key("vault")).derive(b"harriet/root-key/v1")


def root_key() -> RootKeyProvider:
    """The root key of this installation."""
    return KeyFile()


def check_root_key() -> None:
    """Raises WrongRootKey when the root key at hand isn't the one that wraps what is stored. Run before serving."""
    from vault.actions.register_root_key import register_root_key

    provider = root_key()
    described = provider.describe()
    stored = {row.label: row for row in RootKey.objects.all()}
    if not stored and not DataKey.objects.exists():
        register_root_key(provider)
    elif described.label not in stored:
        raise WrongRootKey(_wrong_key(described.label, sorted(stored)))
    elif not opens_canary(provider, stored[described.label]):
        raise WrongRootKey(
            f"The root key {described.label} does not open the canary that was stored with it. " + _ADVICE
        )


def opens_canary(provider: RootKeyProvider, row: RootKey) -> bool:
    try:
        return provider.unwrap(bytes(row.canary), _CANARY_CONTEXT) == _CANARY
    except CannotOpen:
        return False


def new_canary(provider: RootKeyProvider) -> bytes:
    return provider.wrap(_CANARY, _CANARY_CONTEXT)


def data_key_context(organization_id: UUID, version: int) -> dict[str, str]:
    return {"organization": str(organization_id), "purpose": "data key", "version": str(version)}


def unwrap_data_key(row: DataKey) -> Key:
    """Raises CannotOpen."""
    if row.wrapped is None:
        raise CannotOpen
    return Key(root_key().unwrap(bytes(row.wrapped), data_key_context(row.organization_id, row.version)))


_ADVICE = "Put the right key file back into the keys folder; nothing was changed."


def _wrong_key(found: str, expected: list[str]) -> str:
    names = " or ".join(expected) or "a root key that is not registered any more"
    return f"Wrong root key: this database's secrets are wrapped by {names}, the keys folder holds {found}. {_ADVICE}"


def _flat(context: Mapping[str, str]) -> bytes:
    return length_prefixed(part.encode() for pair in sorted(context.items()) for part in pair)
