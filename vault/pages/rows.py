"""What the vault page says about one credential, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from vault.models import Credential, CredentialVersion
from vault.queries import DUE_SOON, current_version
from vault.types.registry import TYPES

"""Before a secret is due it is listed as due soon."""


class Due(NamedTuple):
    kind: str
    """A status of the pages: ok, attention, danger, neutral."""
    word: str


@dataclass(frozen=True, slots=True)
class CredentialRow:
    credential: Credential
    version: CredentialVersion
    sent_as: str
    due: Due


def row_of(credential: Credential, now: datetime) -> CredentialRow:
    sent_as = TYPES[credential.type].sent_as(credential.placement)
    return CredentialRow(
        credential, current_version(credential), sent_as, due_in_words(credential.rotation_due_at, now)
    )


def due_in_words(due: datetime | None, now: datetime) -> Due:
    if due is None:
        return Due("neutral", "No schedule")
    if due.date() < now.date():
        return Due("danger", "Overdue")
    if due.date() == now.date():
        return Due("attention", "Due today")
    return Due("attention", "Due soon") if due - now <= DUE_SOON else Due("ok", "In time")
