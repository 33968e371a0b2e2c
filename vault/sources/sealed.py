"""Secrets that Harriet keeps itself, sealed under the key of their connector."""

from __future__ import annotations

import orjson

from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.keys.data_keys import Keyring
from vault.seal import KeyKind, Opening, opening_of
from vault.sources.base import Revealed
from vault.stored import SealedCredential


class SealedHere:
    """The source of secrets that are sealed in our own database."""

    __slots__ = ("_keyring", "_openings")

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._openings: dict[tuple[bytes, bytes], Opening] = {}
        """As many as the organization has credentials; a change of any makes a new source."""

    def reveal(self, stored: SealedCredential) -> Revealed:
        opening = self._openings.get((stored.sealed, stored.context)) or self._opening_of(stored)
        plaintext = opening.plaintext() if opening is not None else None
        if plaintext is None:
            raise CannotOpen
        return unpacked(plaintext)

    def _opening_of(self, stored: SealedCredential) -> Opening | None:
        """Keys, not plaintext, are kept from call to call: the derivation costs ten times the decryption."""
        key = self._keyring.of_connector(stored.connector_id, stored.key_version)
        found = opening_of(key, KeyKind.CONNECTOR, stored.key_version, stored.context, stored.sealed)
        if found is not None:
            self._openings[stored.sealed, stored.context] = found
        return found


def packed(username: str, secret: Secret) -> bytes:
    """What is sealed of a credential. The user name belongs to it: neither can be exchanged without the other."""
    return orjson.dumps({"username": username, "secret": secret.reveal()})


def unpacked(plaintext: bytes) -> Revealed:
    """What `packed` made."""
    fields = orjson.loads(plaintext)
    return fields["username"], Secret(fields["secret"])
