"""An organization's data keys: stored wrapped by the root key, in memory with the connectors' keys derived of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn
from uuid import UUID

from vault.errors import CannotOpen, NoDataKey
from vault.keys.registry import root_key
from vault.models import DataKey
from vault.seal import Key, length_prefixed

_CONNECTOR_INFO = b"harriet/connector/v1"


def wrap_data_key(organization_id: UUID, version: int, key: bytes) -> bytes:
    """32 bytes of key, wrapped so that they unwrap for this organization and version only."""
    return root_key().wrap(key, _context(organization_id, version))


def unwrap_data_key(row: DataKey) -> Key:
    """Raises CannotOpen, and KeyProblem when the root key can't be read."""
    if row.wrapped is None:  # destroyed
        raise CannotOpen
    return Key(root_key().unwrap(bytes(row.wrapped), _context(row.organization_id, row.version)))


def _context(organization_id: UUID, version: int) -> dict[str, str]:
    return {"organization": str(organization_id), "purpose": "data key", "version": str(version)}


class Keyring:
    """The data keys of one organization by version, and the key of each connector, derived once. Threads may share it.

    It holds the data keys of the moment it was made: a version that it doesn't know is CannotOpen.
    """

    __slots__ = ("_connector_keys", "_data_keys", "organization_id")

    def __init__(self, organization_id: UUID, data_keys: Mapping[int, Key]) -> None:
        self.organization_id = organization_id
        self._data_keys = dict(data_keys)
        self._connector_keys: dict[tuple[UUID, int], Key] = {}

    def newest(self) -> int:
        """The version that seals. Raises NoDataKey."""
        if not self._data_keys:
            raise NoDataKey
        return max(self._data_keys)

    def of_connector(self, connector_id: UUID, version: int) -> Key:
        """Raises CannotOpen."""
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
        return f"Keyring({self.organization_id})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("Keys are neither copied nor written down.")
