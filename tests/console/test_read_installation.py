"""Settings → This installation: what runs, what stands wrong with its mend, mail, backups, licences."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Sweep
from harriet.console.background import BackgroundWork
from harriet.console.installation.licences import packages
from harriet.pages.counts import NONE
from harriet.people.actions.note_mail_result import note_mail_result
from harriet.people.models import Backup, Membership
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/settings/organization/installation/"


@pytest.fixture(autouse=True)
def queue_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker takes what other tests ask for."""
    monkeypatch.setattr("harriet.console.background.QUEUE", "of nobody")


def opened(client: Client, user: object) -> str:
    client.force_login(user)  # type: ignore[arg-type]
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_says_what_this_installation_is(cast: Cast, client: Client, settings: Any) -> None:
    text = opened(client, cast.alice)
    for told in ("PostgreSQL", settings.BASE_URL, "Python 3.", "Root key", "Audit log", "for ever"):
        assert told in text, told


def test_members_do_not_read_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.dana)
    assert client.get(PAGE).status_code == 403


def work(*, queued: int | None, minutes: int) -> BackgroundWork:
    return BackgroundWork(queued, timezone.now() - timedelta(minutes=minutes), NONE, "6.2")


def test_which_process_stopped_follows_from_what_waits() -> None:
    assert not work(queued=3, minutes=1).is_late
    assert work(queued=300, minutes=10).is_worker_stopped
    assert not work(queued=300, minutes=10).is_beat_stopped
    assert work(queued=0, minutes=10).is_beat_stopped
    unknown = work(queued=None, minutes=10)
    assert not unknown.is_beat_stopped and not unknown.is_worker_stopped


def test_stopped_background_work_is_said_with_its_mend(cast: Cast, client: Client) -> None:
    Sweep.objects.update_or_create(id=1, defaults={"swept_until": timezone.now() - timedelta(hours=1)})
    assert "Nothing asks the workers to work" in opened(client, cast.alice)


def test_a_fresh_installation_is_not_told_that_something_stopped(cast: Cast, client: Client) -> None:
    Sweep.objects.all().delete()
    text = opened(client, cast.alice)
    assert "Nothing was done in the background yet" in text and "Not seen yet" in text
    assert "For minutes" not in text and "Asks for nothing" not in text


def test_redis_that_does_not_answer_closes_no_page(cast: Cast, client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    text = opened(client, cast.alice)
    assert "Redis doesn&#x27;t answer" in text or "Redis doesn’t answer" in text
    assert "approved don" in text


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://harriet.acme.test", "Passwords and tokens travel in the open"),
        ("http://127.0.0.1:8000", "Only this machine reaches Harriet"),
        ("https://harriet.acme.test", "The proxy in front"),
    ],
)
def test_address_is_judged(cast: Cast, client: Client, settings: Any, address: str, told: str) -> None:
    settings.BASE_URL = address
    assert told in opened(client, cast.alice)


def test_full_disk_is_said(cast: Cast, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harriet.console.installation.troubles.LEAST_FREE", 1 << 60)
    assert "The disk is nearly full" in opened(client, cast.alice)


def test_backup_is_known_once_its_job_says_so(cast: Cast, client: Client) -> None:
    assert "None was ever noted" in opened(client, cast.alice)
    call_command("note_backup", "--restored")
    text = opened(client, cast.alice)
    assert "No recent backup" not in text and "was restored as a test" in text
    Backup.objects.update(made_at=timezone.now() - timedelta(days=8))
    assert "more than a week old" in opened(client, cast.alice)


def test_mail_that_goes_nowhere_is_not_tested(cast: Cast, client: Client) -> None:
    assert "No mail is sent" in opened(client, cast.alice)
    answer = client.post(reverse("organization:test_mail"), follow=True)
    assert "Nothing was sent" in answer.content.decode()


def test_mail_server_that_is_not_there_is_named(cast: Cast, client: Client, settings: Any) -> None:
    with_server(settings, "smtp://harriet:much-too-secret@127.0.0.1:1")
    text = opened(client, cast.alice)
    assert "127.0.0.1:1" in text and "much-too-secret" not in text
    told = client.post(reverse("organization:test_mail"), follow=True).content.decode()
    assert "The mail server did not take it" in told and "Nothing was sent" in told and "much-too-secret" not in told


def test_how_the_last_mail_went_is_said(cast: Cast, client: Client, settings: Any) -> None:
    with_server(settings, "smtp://127.0.0.1:1")
    settings.EMAIL_BACKEND = "harriet.people.smtp.NotedSmtp"
    assert "No mail was sent yet" in opened(client, cast.alice)
    client.post(reverse("organization:test_mail"))
    text = opened(client, cast.alice)
    assert "The last mail was refused" in text and "The last mail did not go out" in text
    assert "Connection refused" in text and "Errno" not in text
    note_mail_result("")
    text = opened(client, cast.alice)
    assert "The last mail went out" in text and "did not go out" not in text


def test_what_the_mail_server_says_is_told(
    cast: Cast, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise smtplib.SMTPAuthenticationError(535, b"5.7.8 Wrong user name or password")

    with_server(settings, "smtp://127.0.0.1:25")
    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.send_messages", refuse)
    client.force_login(cast.alice)
    assert "535 5.7.8 Wrong user name" in client.post(reverse("organization:test_mail"), follow=True).content.decode()


def with_server(settings: Any, url: str) -> None:
    settings.EMAIL_URL, settings.EMAIL_BACKEND = url, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", int(url.rpartition(":")[2]), 2


def test_approver_reads_and_sends_nothing(cast: Cast, client: Client) -> None:
    assert Membership.objects.get(user=cast.bob, organization=cast.acme).role == "approver"
    opened(client, cast.bob)
    assert client.post(reverse("organization:test_mail")).status_code == 403


def test_licences_of_everything_in_the_lock(cast: Cast, client: Client) -> None:
    lock = (Path(__file__).resolve().parents[2] / "requirements.lock").read_text()
    found = {package.name.lower().replace("_", "-"): package.licence for package in packages()}
    assert {"django", "cryptography", "redis", "django-htmx"} <= set(found)
    assert len(found) > 0.8 * lock.count("==") - 15  # those for other systems are in the lock, and not here
    assert all(found.values())
    client.force_login(cast.alice)
    assert "BSD" in client.get(reverse("organization:licences")).content.decode()
