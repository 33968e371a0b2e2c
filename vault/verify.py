"""Proves that the vault is what the audit log says was saved, and that it opens. Changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from audit.event_body import mac_of
from audit.models import Event
from harriet.lib.batches import in_batches
from harriet.people.models import Organization
from vault.errors import CannotOpen
from vault.events import CredentialDeleted, CredentialSaved, CredentialTakenOut
from vault.keys.data_keys import unwrap_data_key
from vault.models import Credential, CredentialVersion, DataKey
from vault.open import Opener, opener_with
from vault.queries import data_keys_by_organization, sealed_of

ORGANIZATIONS_AT_ONCE = 200
CREDENTIALS_AT_ONCE = 500


@dataclass(slots=True)
class Verified:
    """What was looked at, and a sentence for each thing that is wrong."""

    data_keys: int = 0
    credentials: int = 0
    versions: int = 0
    problems: list[str] = field(default_factory=list)


def verify_vault() -> Verified:
    """Looks at everything in all organizations, some of them at a time: what is asked and kept in memory goes by their
    batches. `harriet.lib.errors.Problem` when the root key can't be used."""
    found = Verified()
    for some in in_batches(Organization.objects.order_by("slug").iterator(), ORGANIZATIONS_AT_ONCE):
        _check_organizations(some, found)
    return found


def _check_organizations(organizations: list[Organization], found: Verified) -> None:
    ids = {organization.pk for organization in organizations}
    keys, said = data_keys_by_organization(ids), _said_of(ids)
    versions = Prefetch("versions", CredentialVersion.objects.order_by("number"))
    rows = Credential.objects.filter(organization__in=ids).order_by("organization__slug", "name", "pk")
    grouped = groupby(rows.prefetch_related(versions).iterator(CREDENTIALS_AT_ONCE), lambda one: one.organization_id)
    theirs, credentials = next(grouped, (None, ()))
    for organization in organizations:
        opener = _check_data_keys(organization, keys.get(organization.pk, []), found)
        mine = credentials if theirs == organization.pk else ()
        _check_credentials(organization, mine, opener, said[organization.pk], found)
        if theirs == organization.pk:
            theirs, credentials = next(grouped, (None, ()))


def _check_data_keys(organization: Organization, rows: list[DataKey], found: Verified) -> Opener | None:
    good = []
    for row in rows:
        found.data_keys += 1
        try:
            unwrap_data_key(row)
            good.append(row)
        except CannotOpen:
            found.problems.append(f"{organization.slug}: data key version {row.version} does not unwrap.")
    return opener_with(organization.pk, good) if good else None


def _check_credentials(
    organization: Organization, credentials: Iterable[Credential], opener: Opener | None, said: _Said, found: Verified
) -> None:
    found.problems += [f"{organization.slug}: the audit event {event} isn't genuine." for event in said.forged]
    for credential in credentials:
        found.credentials += 1
        where = f"{organization.slug}: the credential of {credential.name} ({credential.pk})"
        found.problems += [f"{where} {fault}" for fault in _faults_of(credential, said, opener, found)]
    for lost in said.lost():
        found.problems.append(f"{organization.slug}: the credential {lost} was saved, never deleted, and is missing.")


def _faults_of(credential: Credential, said: _Said, opener: Opener | None, found: Verified) -> Iterator[str]:
    said.seen.add(str(credential.pk))
    if str(credential.pk) in said.deleted:
        yield "was deleted, and is back."
    versions = list(credential.versions.all())
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

    def __init__(self) -> None:
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

    def take(self, event: Event) -> None:
        """In the order in which they were written."""
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


def _said_of(organization_ids: set[UUID]) -> defaultdict[UUID, _Said]:
    codes = [CredentialSaved.code, CredentialTakenOut.code, CredentialDeleted.code]
    events = Event.objects.filter(organization_id__in=organization_ids, code__in=codes).order_by("pk")
    said: defaultdict[UUID, _Said] = defaultdict(_Said)
    for event in events.iterator():
        said[event.organization_id].take(event)
    return said
