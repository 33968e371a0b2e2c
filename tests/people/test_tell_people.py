"""What people hear, by the way that they chose: once, together, again when the mail server was out of order."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.models import Checkpoint
from audit.verification.checkpoints import remember
from harriet.people.actions.choose_notifications import choose_notifications
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.send_notices import TRIED_FOR, send_due_notices
from harriet.people.actions.settle_matter import settle_matter, tell_end_of_matter
from harriet.people.actions.tell_of_log import tell_of_log
from harriet.people.actions.tell_people import tell_people
from harriet.people.errors import PeopleError
from harriet.people.models import MailResult, Membership, Notice, NotificationChoice
from harriet.people.notifications.kinds import FOR_YOU, KINDS, LOG_FAULT, QUARANTINE, Kind, Matter
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db


def matter(cast: Cast, kind: Kind = FOR_YOU, key: str = "cake", text: str = "There is cake.") -> Matter:
    return Matter(kind, cast.acme.pk, key, text, "/kitchen/")


def test_the_same_cause_is_told_once(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    everybody = [cast.bob.pk, cast.dana.pk, cast.bob.pk]
    with django_capture_on_commit_callbacks(execute=True):
        assert set(tell_people(matter(cast), everybody)) == {cast.bob.pk, cast.dana.pk}
        assert tell_people(matter(cast), everybody) == []
    send_due_notices()
    assert sorted(message.to for message in mail.outbox) == [[cast.bob.email], [cast.dana.email]]


def test_what_is_due_together_is_one_mail(cast: Cast) -> None:
    for number in range(3):
        tell_people(matter(cast, key=str(number), text=f"Cake {number}."), [cast.bob.pk])
    send_due_notices()
    (only,) = mail.outbox
    assert only.subject == "3 matters for you at Harriet"
    assert all(f"Cake {number}." in str(only.body) for number in range(3))
    assert "Choose what comes by mail: " in str(only.body) and "/account/notifications/" in str(only.body)


def test_once_a_day_is_in_the_morning(cast: Cast) -> None:
    choose_notifications(cast.bob, {"for_you": "daily"})
    tell_people(matter(cast), [cast.bob.pk])
    send_due_notices()
    due = Notice.objects.get().due_at
    assert not mail.outbox and due is not None and (due.hour, due.minute) == (7, 0)
    Notice.objects.update(due_at=F("due_at") - timedelta(days=1))
    send_due_notices()
    assert len(mail.outbox) == 1


def test_what_is_over_is_not_sent_any_more(cast: Cast) -> None:
    tell_people(matter(cast), [cast.bob.pk])
    settle_matter(cast.acme.pk, "cake", text="It is eaten.")
    send_due_notices()
    line = Notice.objects.get()
    assert not mail.outbox and line.read_at and line.settled_at and line.text == "It is eaten."


def test_who_left_is_sent_nothing(cast: Cast) -> None:
    tell_people(matter(cast), [cast.bob.pk])
    deactivate_person(Membership.objects.get(user=cast.bob), actor=cast.actor(cast.alice))
    send_due_notices()
    assert not mail.outbox


def test_a_mail_server_that_is_out_of_order_is_asked_again(cast: Cast, settings: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = closed.getsockname()
    usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "harriet.people.smtp.NotedSmtp"
    tell_people(matter(cast), [cast.bob.pk])
    send_due_notices()
    line, result = Notice.objects.get(), MailResult.objects.get()
    assert line.sent_at is None and line.problem and line.due_at and line.read_at is None
    assert result.failed_at and "refused" in result.problem.lower() and result.sent_at is None
    send_due_notices()
    settings.EMAIL_BACKEND = usual
    Notice.objects.update(due_at=F("due_at") - timedelta(hours=2))
    send_due_notices()
    send_due_notices()
    line.refresh_from_db()
    assert len(mail.outbox) == 1 and line.sent_at and not line.problem and line.due_at is None


def test_it_is_not_tried_for_ever(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "harriet.people.smtp.NotedSmtp", 9
    tell_people(matter(cast), [cast.bob.pk])
    Notice.objects.update(created_at=F("created_at") - TRIED_FOR - timedelta(hours=1))
    send_due_notices()
    assert Notice.objects.get().due_at is None and Notice.objects.get().problem


def test_the_end_of_something_long_is_tried_as_often_as_its_beginning(cast: Cast, settings: Any) -> None:
    tell_people(matter(cast), [cast.bob.pk])
    send_due_notices()
    Notice.objects.update(created_at=F("created_at") - TRIED_FOR - timedelta(hours=1))
    tell_end_of_matter(matter(cast, text="It is eaten."))
    usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "harriet.people.smtp.NotedSmtp"
    settings.EMAIL_PORT = 9
    send_due_notices()
    settings.EMAIL_BACKEND = usual
    Notice.objects.update(due_at=F("due_at") - timedelta(hours=2))
    send_due_notices()
    assert [message.subject for message in mail.outbox] == ["There is cake.", "It is eaten."]


def test_bob_chooses_on_his_page(client: Client, cast: Cast) -> None:
    client.force_login(cast.bob)
    page = client.get("/account/notifications/").content.decode()
    assert "Calls that wait for approval" in page and "No mail leaves this installation" in page
    chosen = {"quarantine": "inbox"}
    sent = {kind.code: kind.channel for kind in KINDS.values() if not kind.is_fixed}
    assert client.post("/account/notifications/", sent | chosen).status_code == 302
    assert NotificationChoice.objects.get().kind == "quarantine"
    tell_people(matter(cast, QUARANTINE), [cast.bob.pk])
    send_due_notices()
    assert not mail.outbox and Notice.objects.filter(user=cast.bob).exists()


def test_what_concerns_safety_cant_be_switched_off(client: Client, cast: Cast) -> None:
    with pytest.raises(PeopleError):
        choose_notifications(cast.alice, {"log_fault": "inbox"})
    NotificationChoice.objects.create(user=cast.alice, kind="log_fault", channel="inbox")
    tell_people(matter(cast, LOG_FAULT), [cast.alice.pk])
    send_due_notices()
    assert len(mail.outbox) == 1


def test_a_long_inbox_goes_page_by_page(client: Client, cast: Cast, django_assert_max_num_queries: Any) -> None:
    lines = [Notice(user=cast.bob, organization=cast.acme, key=str(n), text=f"Line {n}.", path="/") for n in range(120)]
    Notice.objects.bulk_create(lines)
    client.force_login(cast.bob)
    seen, address = set[str](), "/settings/inbox/"
    while address:
        with django_assert_max_num_queries(15):
            page = client.get(address)
        lines_shown = page.context["lines"]
        assert len(lines_shown) <= 50
        seen |= {line.notice.text for line in lines_shown}
        address = f"/settings/inbox/{page.context['older']}" if page.context["older"] else ""
    assert len(seen) == 120


def test_those_who_answer_for_the_log_hear_of_a_fault_once(cast: Cast) -> None:
    def verified(fault: str) -> None:
        remember(Checkpoint(organization_id=cast.acme.pk, sequence=1, link=b"\0" * 32, events=1, fault=fault, faults=1))
        tell_of_log(cast.acme.pk)

    for _ in range(3):
        verified("Seal 1 has been changed.")
    assert [line.user for line in Notice.objects.all()] == [cast.alice]
    assert "Seal 1 has been changed." in Notice.objects.get().text
    verified("")
    assert Notice.objects.get().settled_at
    verified("Seal 1 has been changed.")
    assert Notice.objects.get().settled_at is None, "it is back"
