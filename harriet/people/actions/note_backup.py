"""Notes that a backup was made; the job that makes it says so as its last step."""

from __future__ import annotations

from harriet.people.models import Backup


def note_backup(*, is_restored: bool) -> Backup:
    """No audit event: it is the installation's, and no organization's log is."""
    return Backup.objects.create(is_restored=is_restored)
