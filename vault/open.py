"""Opens a secret that is sealed, for one call, in one block, without the database. The only door to plaintext."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, NoReturn
from uuid import UUID

from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.keys.data_keys import Keyring, unwrap_data_key
from vault.models import DataKey
from vault.opened import OpenCredential
from vault.place import Place
from vault.queries import data_keys_of
from vault.rules import check_credential
from vault.seal import KeyKind, key_version_of, seal, unseal
from vault.sources.base import Revealed, SecretSource
from vault.sources.registry import SOURCES
from vault.sources.sealed import packed, unpacked
from vault.stored import SealedCredential
from vault.types.base import Placement
from vault.types.registry import TYPES, placed


class Sealed(NamedTuple):
    """Sealed bytes, and the key that sealed them."""

    value: bytes
    key_version: int
    """Of the data key."""


class Opener:
    """Opens and seals for one organization, with keys derived per connector. Safe to share between threads.

    It holds the data keys of the moment it was made. When it meets a key version that it doesn't know it says
    CannotOpen: make a new one (`opener_for`) whenever the organization's version moved.
    """

    __slots__ = ("_keyring", "_sources", "organization_id")

    def __init__(self, keyring: Keyring) -> None:
        self.organization_id = keyring.organization_id
        self._keyring = keyring
        self._sources = {kind: source(keyring) for kind, source in SOURCES.items()}

    def credential(self, stored: SealedCredential | None) -> OpenCredential:
        """The credential, opened; use it as `with opener.credential(stored) as credential`. None opens to nothing.

        Raises CannotOpen.
        """
        if stored is None:
            return OpenCredential()
        username, secret = self._source_of(stored).reveal(stored)
        return TYPES[stored.type].place(secret, username, stored.placement)

    def revealed(self, stored: SealedCredential) -> Revealed:
        """Raises CannotOpen."""
        return self._source_of(stored).reveal(stored)

    def _source_of(self, stored: SealedCredential) -> SecretSource:
        source = self._sources.get(stored.source)
        if source is None or stored.organization_id != self.organization_id:
            raise CannotOpen
        return source

    def seal(
        self, connector_id: UUID, record_id: UUID, field: str, plaintext: bytes, *, owner_id: UUID | None = None
    ) -> bytes:
        """Raises NoDataKey."""
        place = Place(self.organization_id, connector_id, record_id, field, owner_id=owner_id)
        return self._sealed(place, plaintext).value

    def open(
        self, connector_id: UUID, record_id: UUID, field: str, sealed: bytes, *, owner_id: UUID | None = None
    ) -> bytes:
        """Raises CannotOpen."""
        place = Place(self.organization_id, connector_id, record_id, field, owner_id=owner_id)
        version = key_version_of(sealed)
        key = self._keyring.of_connector(connector_id, version)
        return unseal(key, KeyKind.CONNECTOR, version, place.bound_to(version), sealed)

    def seal_secret(self, place: Place, username: str, secret: Secret) -> Sealed:
        """Raises NoDataKey."""
        return self._sealed(place, packed(username, secret))

    def open_secret(self, place: Place, sealed: bytes) -> Secret:
        """What `seal_secret` sealed there. Raises CannotOpen."""
        version = key_version_of(sealed)
        key = self._keyring.of_connector(place.connector_id, version)
        return unpacked(unseal(key, KeyKind.CONNECTOR, version, place.bound_to(version), sealed))[1]

    def _sealed(self, place: Place, plaintext: bytes) -> Sealed:
        version = self._keyring.newest()
        key = self._keyring.of_connector(place.connector_id, version)
        return Sealed(seal(key, KeyKind.CONNECTOR, version, place.bound_to(version), plaintext), version)

    def __repr__(self) -> str:
        return f"Opener({self.organization_id})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("An opener is neither copied nor written down.")


def opener_for(organization_id: UUID) -> Opener:
    """An opener with all data keys of the organization; the newest one seals. Reads only: an organization gets its
    first data key when it is founded, or by `create_data_key`.

    Raises CannotOpen when a data key doesn't unwrap, and KeyProblem when the root key can't be read.
    """
    return opener_with(organization_id, data_keys_of(organization_id))


def opener_with(organization_id: UUID, rows: Iterable[DataKey]) -> Opener:
    """An opener with these data keys alone. Raises as `opener_for` does."""
    return Opener(Keyring(organization_id, {row.version: unwrap_data_key(row) for row in rows}))


def open_unsaved(type_: str, secret: Secret, *, username: str = "", placement: Placement) -> OpenCredential:
    """What a secret that isn't saved yet would send: for testing a connection first. Raises CredentialRefused."""
    checked = check_credential(type_, secret, username=username, placement=placement)
    return placed(type_, checked, username, secret)
