"""Opens what is sealed. The only door to plaintext: for one call, in one block, without the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

import orjson

from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.opened import OpenCredential
from vault.place import Place
from vault.seal import Key, KeyKind, Opening, key_version_of, length_prefixed, opening_of, seal, unseal
from vault.types.registry import placed

if TYPE_CHECKING:
    from vault.models import DataKey

SECRET_FIELD = "secret"  # noqa: S105
_CONNECTOR_INFO = b"harriet/connector/v1"


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """A credential as it is stored: safe to keep in memory, to compare and to log."""

    organization_id: UUID
    connector_id: UUID
    credential_id: UUID
    name: str
    type: str
    version: int
    placement: dict[str, Any]
    key_version: int
    sealed: bytes
    context: bytes = field(init=False, repr=False, compare=False)
    """What `sealed` is bound to; worked out once, because every call needs it."""

    def __post_init__(self) -> None:
        place = Place(self.organization_id, self.connector_id, self.credential_id, SECRET_FIELD, self.version)
        object.__setattr__(self, "context", place.bound_to(self.key_version))


class Opener:
    """Opens and seals for one organization, with keys derived per connector. Safe to share between threads.

    It holds the data keys of the moment it was made. When it meets a key version that it doesn't know it says
    CannotOpen: make a new one (`opener_for`) whenever the organization's version moved.
    """

    __slots__ = ("_connector_keys", "_data_keys", "_newest", "_openings", "organization_id")

    def __init__(self, organization_id: UUID, data_keys: Mapping[int, Key], *, newest: int) -> None:
        self.organization_id = organization_id
        self._data_keys = dict(data_keys)
        self._newest = newest
        self._connector_keys: dict[tuple[UUID, int], Key] = {}
        self._openings: dict[tuple[bytes, bytes], Opening] = {}
        """As many as the organization has credentials; a change of any makes a new opener."""

    def credential(self, sealed: SealedCredential | None) -> OpenCredential:
        """The credential, opened; use it as `with opener.credential(sealed) as credential`. None opens to nothing.

        Raises CannotOpen.
        """
        if sealed is None:
            return OpenCredential()
        username, secret = self.revealed(sealed)
        return placed(sealed.type, sealed.placement, username, secret)

    def revealed(self, sealed: SealedCredential) -> tuple[str, Secret]:
        """User name (empty but for Basic) and secret. Raises CannotOpen."""
        if sealed.organization_id != self.organization_id:
            raise CannotOpen
        opening = self._opening_of(sealed)
        plaintext = opening.plaintext() if opening is not None else None
        if plaintext is None:
            raise CannotOpen
        return _unpacked(plaintext)

    def seal(
        self, connector_id: UUID, record_id: UUID, field: str, plaintext: bytes, *, owner_id: UUID | None = None
    ) -> bytes:
        place = Place(self.organization_id, connector_id, record_id, field, owner_id=owner_id)
        return self._sealed(place, plaintext)[0]

    def open(
        self, connector_id: UUID, record_id: UUID, field: str, sealed: bytes, *, owner_id: UUID | None = None
    ) -> bytes:
        """Raises CannotOpen."""
        place = Place(self.organization_id, connector_id, record_id, field, owner_id=owner_id)
        version = key_version_of(sealed)
        key = self._connector_key(connector_id, version)
        return unseal(key, KeyKind.CONNECTOR, version, place.bound_to(version), sealed)

    def seal_secret(self, place: Place, username: str, secret: Secret) -> tuple[bytes, int]:
        """Sealed bytes and the key version that sealed them."""
        return self._sealed(place, _packed(username, secret))

    def _sealed(self, place: Place, plaintext: bytes) -> tuple[bytes, int]:
        version = self._newest
        key = self._connector_key(place.connector_id, version)
        return seal(key, KeyKind.CONNECTOR, version, place.bound_to(version), plaintext), version

    def _opening_of(self, sealed: SealedCredential) -> Opening | None:
        """Keys, not plaintext, are kept from call to call: the derivation costs ten times the decryption."""
        place = (sealed.sealed, sealed.context)
        found = self._openings.get(place)
        if found is None:
            key = self._connector_key(sealed.connector_id, sealed.key_version)
            found = opening_of(key, KeyKind.CONNECTOR, sealed.key_version, sealed.context, sealed.sealed)
            if found is not None:
                self._openings[place] = found
        return found

    def _connector_key(self, connector_id: UUID, version: int) -> Key:
        key = self._connector_keys.get((connector_id, version))
        if key is None:
            key = self._data_key(version).derive(_CONNECTOR_INFO + length_prefixed([connector_id.bytes]))
            self._connector_keys[connector_id, version] = key
        return key

    def _data_key(self, version: int) -> Key:
        if version not in self._data_keys:
            raise CannotOpen
        return self._data_keys[version]

    def __repr__(self) -> str:
        return f"Opener({self.organization_id})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("An opener is neither copied nor written down.")


def opener_for(organization_id: UUID) -> Opener:
    """An opener with all data keys of the organization; makes the first one when there is none yet.

    Raises CannotOpen when a data key doesn't unwrap, and a Problem when the root key can't be read.
    """
    from vault.actions.create_data_key import create_data_key
    from vault.queries import data_keys_of

    rows = data_keys_of(organization_id) or [create_data_key(organization_id)]
    return opener_with(organization_id, rows)


def opener_with(organization_id: UUID, rows: list[DataKey]) -> Opener:
    """An opener with these data keys (models); the newest one seals."""
    from vault.keys import unwrap_data_key

    keys = {row.version: unwrap_data_key(row) for row in rows}
    return Opener(organization_id, keys, newest=max(keys))


def open_unsaved(type_: str, secret: Secret, *, username: str = "", placement: Mapping[str, Any]) -> OpenCredential:
    """What a secret that isn't saved yet would send: for testing a connection first. Raises CredentialRefused."""
    from vault.rules import check_credential

    checked = check_credential(type_, secret, username=username, placement=placement)
    return placed(type_, checked, username, secret)


def _packed(username: str, secret: Secret) -> bytes:
    """What is sealed of a credential. The user name belongs to it: neither can be exchanged without the other."""
    return orjson.dumps({"username": username, "secret": secret.reveal()})


def _unpacked(plaintext: bytes) -> tuple[str, Secret]:
    fields = orjson.loads(plaintext)
    return fields["username"], Secret(fields["secret"])
