"""What stands wrong with this installation, each with its mend. Nothing is guessed: each was looked at just now."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from audit.database.roles import running_role_gaps
from harriet.console.background import BackgroundWork
from harriet.people.models import Backup, MailResult

BACKUP_AGE = timedelta(days=7)
LEAST_FREE = 1 << 30
"""Bytes."""
LEAST_SHARE = 0.1
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Trouble:
    hue: str
    title: str
    text: str
    mend: str
    anchor: str
    """Of the section in docs/production.md."""

    @property
    def url(self) -> str:
        return f"{reverse('help:document', args=['production'])}#{self.anchor}"


def troubles(
    request: HttpRequest, work: BackgroundWork, backup: Backup | None, mail: MailResult | None
) -> list[Trouble]:
    """The worst first."""
    found = [*_of_work(work), *_of_address(request), *_of_account(), *_of_disk(), *_of_mail(mail), *_of_backup(backup)]
    return sorted(found, key=lambda one: ("danger", "attention", "neutral").index(one.hue))


def _of_work(work: BackgroundWork) -> Iterator[Trouble]:
    if work.queued is None:
        yield Trouble(
            "danger",
            "Redis doesn't answer",
            "Held calls that were approved don't run, servers aren't checked, and nothing is sealed or mailed.",
            "Start it, or correct REDIS_URL. Nothing was lost: the work is done as soon as it answers.",
            "what-runs",
        )
    elif work.is_worker_stopped:
        yield Trouble(
            "danger",
            "No worker takes tasks",
            f"{work.queued} wait. Approved calls don't run, and nothing is sealed or mailed.",
            "Start a Celery worker, or look at why it ended. What waits is then done.",
            "what-runs",
        )
    elif work.is_unseen:
        yield Trouble(
            "attention",
            "Nothing was done in the background yet",
            "In the first minute after the start that is right. Until then approved calls don't run.",
            "Look again in a minute. If this still stands here, start a Celery worker and Celery beat.",
            "what-runs",
        )
    elif work.is_beat_stopped:
        yield Trouble(
            "danger",
            "Nothing asks the workers to work",
            "For minutes nothing was done in the background, and nothing waits to be done.",
            "Start Celery beat, exactly one.",
            "what-runs",
        )


def _of_address(request: HttpRequest) -> Iterator[Trouble]:
    address = urlsplit(settings.BASE_URL)
    if address.hostname in _LOOPBACK:
        yield Trouble(
            "neutral",
            "Only this machine reaches Harriet",
            f"Its address is {settings.BASE_URL}. That is right for a try; colleagues and their clients can't use it.",
            "Put a proxy with TLS in front and set HARRIET_BASE_URL to the address that people use.",
            "tls-in-front",
        )
    elif address.scheme != "https":
        yield Trouble(
            "danger",
            "Passwords and tokens travel in the open",
            f"The address {settings.BASE_URL} has no TLS: whoever is on the way reads them.",
            "Put a proxy with TLS in front and set HARRIET_BASE_URL to its https address.",
            "tls-in-front",
        )
    elif not request.is_secure():
        yield Trouble(
            "attention",
            "The proxy in front isn't known as one",
            "All clients seem to come from one address, so that one of them can use up what is allowed to all.",
            "Let the proxy set X-Forwarded-Proto and X-Forwarded-For, and set HARRIET_BEHIND_PROXY to 1.",
            "tls-in-front",
        )


def _of_account() -> Iterator[Trouble]:
    if os.geteuid() == 0:
        yield Trouble(
            "attention",
            "Harriet runs as root",
            "A fault in it would be a fault of the whole machine.",
            "Start it as an ordinary user of its own.",
            "what-runs",
        )
    for gap in running_role_gaps():
        yield Trouble(
            "attention",
            "The audit log could be rewritten",
            gap,
            "Run Harriet as a role of its own, which owns nothing.",
            "two-roles-in-the-database",
        )


def _of_disk() -> Iterator[Trouble]:
    disk = shutil.disk_usage(settings.RUN_DIR)
    if disk.free < LEAST_FREE or disk.free < disk.total * LEAST_SHARE:
        yield Trouble(
            "danger" if disk.free < LEAST_FREE else "attention",
            "The disk is nearly full",
            f"{disk.free / (1 << 30):.1f} of {disk.total / (1 << 30):.0f} GB are free where Harriet keeps its files. "
            "Without room no call can be written to the audit log, and then none is made.",
            "Make room, or move HARRIET_RUN_DIR to a larger disk.",
            "environment",
        )


def _of_mail(mail: MailResult | None) -> Iterator[Trouble]:
    if not settings.EMAIL_URL:
        yield Trouble(
            "attention",
            "No mail is sent",
            "Invitations, reminders and links for new passwords reach nobody by mail; inboxes here have what waits.",
            "Set EMAIL_URL to your mail server, and EMAIL_FROM to the sender.",
            "environment",
        )
    elif mail is not None and mail.is_refused:
        yield Trouble(
            "attention",
            "The last mail did not go out",
            f"{mail.problem.rstrip('.')}. Inboxes here have what it said.",
            "Look at EMAIL_URL and the mail server, then send a test below.",
            "environment",
        )


def _of_backup(backup: Backup | None) -> Iterator[Trouble]:
    if backup is None or timezone.now() - backup.made_at > BACKUP_AGE:
        said = "None was ever noted" if backup is None else "The last one noted is more than a week old"
        yield Trouble(
            "attention",
            "No recent backup is known",
            f"{said}. Harriet doesn't make backups itself, and can't see yours.",
            "Let the job that makes the backup end with: manage.py note_backup",
            "backup-and-restore",
        )
