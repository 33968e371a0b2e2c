"""What the vault page says about one credential, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vault.models import Credential, CredentialVersion
from vault.queries import current_version

SOON = timedelta(days=14)
_PLACES = {"header": "header", "query": "query parameter", "cookie": "cookie"}


@dataclass(frozen=True, slots=True)
class CredentialRow:
    credential: Credential
    version: CredentialVersion
    sent_as: str
    due_kind: str
    """A status of the pages: ok, attention, danger, neutral."""
    due_word: str


def row_of(credential: Credential, now: datetime) -> CredentialRow:
    kind, word = due_in_words(credential.rotation_due_at, now)
    return CredentialRow(credential, current_version(credential), sent_as(credential), kind, word)


def due_in_words(due: datetime | None, now: datetime) -> tuple[str, str]:
    if due is None:
        return "neutral", "No schedule"
    if due.date() < now.date():
        return "danger", "Overdue"
    if due.date() == now.date():
        return "attention", "Due today"
    return ("attention", "Due soon") if due - now <= SOON else ("ok", "In time")


def sent_as(credential: Credential) -> str:
    """How the secret travels, as a short phrase."""
    if credential.type == Credential.Type.BASIC:
        return "User name and password (Basic)"
    placement = credential.placement
    return f"{placement.get('name', '')} ({_PLACES.get(placement.get('in', ''), 'header')})"
