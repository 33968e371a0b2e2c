"""Settle what was told of a secret that was due: it is not any more. No audit event: what changed that has one."""

from __future__ import annotations

from harriet.people.actions.settle_matter import settle_matters
from vault.models import Credential


def settle_reminders(credential: Credential) -> None:
    """All stages: nobody has to do anything before the next date."""
    settle_matters(credential.organization_id, reminder_key(credential))


def reminder_key(credential: Credential) -> str:
    """The beginning of the keys of all that was told of it."""
    return f"rotation:{credential.pk}:"
