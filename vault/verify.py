"""Proves that the vault is what the audit log says was saved, and that it opens. Changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit.event_body import mac_of
from audit.models import Event
from harriet.people.models import Organization
from vault.errors import CannotOpen
from vault.events import CredentialDeleted, CredentialSaved, CredentialTakenOut
from vault.keys.data_keys import unwrap_data_key
from vault.models import Credential, CredentialVersion, DataKey
from vault.open import Opener, opener_with
from vault.queries import sealed_of


@dataclass(slots=True)
class Verified:
    """What was looked at, and a sentence for each thing that is wrong."""

    data_keys: int = 0
    credentials: int = 0
    versions: int = 0
    problems: list[str] = field(default_factory=list)


def verify_vault() -> Verified:
    """Looks at everything in all organizations. `harriet.lib.errors.Problem` when the root key can't be used."""
    found = Verified()
    for organization in Organization.objects.order_by("slug"):
        opener = _check_data_keys(organization, found)
        _check_credentials(organization, opener, found)
    return found


def _check_data_keys(organization: Organization, found: Verified) -> Opener | None:
    rows = list(DataKey.objects.filter(organization=organization).exclude(state="destroyed").order_by("version"))
    good = []
    for row in rows:
        found.data_keys += 1
        try:
            unwrap_data_key(row)
            good.append(row)
        except CannotOpen:
            found.problems.append(f"{organization.slug}: data key version {row.version} does not unwrap.")
    return opener_with(organization.pk, good) if good else None


def _check_credentials(organization: Organization, opener: Opener | None, found: Verified) -> None:
    said = _Said(organization.pk)
    found.problems += [f"{organization.slug}: the audit event {event} isn't genuine." for event in said.forged]
    for credential in Credential.objects.filter(organization=organization).order_by("name", "pk"):
        found.credentials += 1
        where = f"{organization.slug}: the credential of {credential.name} ({credential.pk})"
        found.problems += [f"{where} {fault}" for fault in _faults_of(credential, said, opener, found)]
    for lost in said.lost():
        found.problems.append(f"{organization.slug}: the credential {lost} was saved, never deleted, and is missing.")


def _faults_of(credential: Credential, said: _Said, opener: Opener | None, found: Verified) -> Iterator[str]:
    said.seen.add(str(credential.pk))
    if str(credential.pk) in said.deleted:
        yield "was deleted, and is back."
    versions = list(credential.versions.select_related("credential").order_by("number"))
    current = [version.number for version in versions if version.is_current]
    newest = max(said.digests.get(str(credential.pk), {0: ""}))
    if current != ([] if str(credential.pk) in said.out else [newest]):
        using = f"version {current[0]}" if current else "no version"
        yield f"uses {using}, but the audit log says that version {newest} was saved last."
    if newest and said.sent.get(str(credential.pk)) != {"type": credential.type, **credential.placement}:
        yield "is sent in another way than the audit log says."
    for version in versions:
        found.versions += 1
        yield from _faults_of_version(version, said, opener)


def _faults_of_version(version: CredentialVersion, said: _Said, opener: Opener | None) -> Iterator[str]:
    digest = bytes(version.digest) if _is_erased(version) else hashlib.sha256(version.sealed).digest()
    recorded = said.digests.get(str(version.credential_id), {}).get(version.number)
    if digest != bytes(version.digest):
        yield f"has other bytes in version {version.number} than were saved there."
    elif recorded is None:
        yield f"has a version {version.number} that the audit log doesn't know."
    elif digest.hex() != recorded:
        yield f"has other bytes in version {version.number} than the audit log says were saved."
    if version.is_current and not _opens(version, opener):
        yield f"does not open (version {version.number}, data key version {version.key_version})."


def _is_erased(version: CredentialVersion) -> bool:
    """Replaced, and its time to be switched back to is over."""
    return not version.is_current and version.forgotten_at is not None and not version.sealed


def _opens(version: CredentialVersion, opener: Opener | None) -> bool:
    try:
        if opener is None:
            return False
        opener.revealed(sealed_of(version))
        return True
    except CannotOpen:
        return False


class _Said:
    """What the audit log says about an organization's credentials."""

    def __init__(self, organization_id: UUID) -> None:
        self.digests: dict[str, dict[int, str]] = {}
        """SHA-256 of the sealed bytes in hexadecimal, by credential and number of the version."""
        self.sent: dict[str, dict[str, str]] = {}
        """How the newest version is sent: type and placement."""
        self.deleted: set[str] = set()
        """Credentials, as are those that were `seen`."""
        self.seen: set[str] = set()
        self.out: set[str] = set()
        """Taken out of use, and no other was saved since."""
        self.forged: list[str] = []
        """Ids of events whose MAC isn't right."""
        for event in _events(organization_id):
            if hmac.compare_digest(mac_of(event.body.encode()), bytes(event.mac)):
                self._read(event.code, json.loads(event.body)["details"])
            else:
                self.forged.append(str(event.pk))

    def lost(self) -> list[str]:
        return sorted(self.digests.keys() - self.deleted - self.seen)

    def _read(self, code: str, details: dict[str, Any]) -> None:
        if code == CredentialDeleted.code:
            self.deleted.add(details["credential"])
            return
        if code == CredentialTakenOut.code:
            self.out.add(details["credential"])
            return
        self.out.discard(details["credential"])
        known = self.digests.setdefault(details["credential"], {})
        known[details["version"]] = details["digest"]
        if details["version"] == max(known):
            self.sent[details["credential"]] = details["sent"]


def _events(organization_id: UUID) -> Iterator[Event]:
    codes = [CredentialSaved.code, CredentialTakenOut.code, CredentialDeleted.code]
    return Event.objects.filter(organization_id=organization_id, code__in=codes).order_by("pk").iterator()
