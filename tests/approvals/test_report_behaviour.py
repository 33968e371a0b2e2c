"""Whoever sees a call reports something odd about it; the admins hear of it at once, may pause, and answer."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from approvals.actions.answer_report import answer_report
from approvals.errors import TooLate
from approvals.models import Report
from audit.models import Event
from connectors.models import Connector
from harriet.people.models import Notice
from tests.stage.held_calls import Mailing


def test_dana_reports_a_call_of_hers_and_hears_what_came_of_it(mailing: Mailing, client: Client) -> None:
    cast = mailing.cast
    mailing.held()
    event = Event.objects.get(code="call.held")
    client.force_login(cast.dana)
    activity = client.get(reverse("me:activity")).content.decode()
    form = f"{reverse('tickets:report')}?event={event.pk}"
    assert form in activity
    page = client.get(form).content.decode()
    assert "send_mail at CRM" in page and "Pause" not in page
    assert client.post(form, {"text": "  "}).status_code == 400
    client.post(form, {"text": "I never asked for this.", "pause": "on"})
    report = Report.objects.get()
    assert (report.ticket.number, report.event_id, report.has_paused) == (2, event.pk, False)
    assert "#2: send_mail" not in report.ticket.title and report.connector_label == "CRM"
    own = client.get(reverse("tickets:detail", args=[2])).content.decode()
    assert "I never asked for this." in own and "Answer and close" not in own
    told = Notice.objects.get(user=cast.alice, kind="reports")
    assert "Dana reports: Odd behaviour of send_mail." in told.text
    assert not Notice.objects.filter(user__in=[cast.bob, cast.charlie], kind="reports").exists()
    client.force_login(cast.alice)
    assert "Reports of odd behaviour" in client.get(reverse("tickets:list")).content.decode()
    client.post(reverse("tickets:answer", args=[2]), {"answer": "A prompt in a mail; we removed it."})
    report.refresh_from_db()
    assert (report.state, report.answered_by, report.ticket.is_open) == ("resolved", cast.alice, False)
    assert "A prompt in a mail" in Notice.objects.get(user=cast.dana, key__endswith="answered").text
    with pytest.raises(TooLate):
        answer_report(report, "Again.", actor=cast.actor(cast.alice))
    assert not client.get(reverse("tickets:list")).content.decode().count("Reports of odd behaviour")


def test_whoever_manages_connectors_pauses_one_with_the_report(mailing: Mailing, client: Client) -> None:
    mailing.held()
    client.force_login(mailing.cast.alice)
    form = f"{reverse('tickets:report')}?ticket=1"
    assert "Pause CRM now" in client.get(form).content.decode()
    client.post(form, {"text": "It sends mails to strangers.", "pause": "on"})
    assert Connector.objects.get().state == "paused" and Report.objects.get().has_paused
    assert "#2" in Event.objects.get(code="connector.paused").sentence


def test_who_does_not_see_a_call_can_not_report_it(mailing: Mailing, client: Client) -> None:
    mailing.held()
    event = Event.objects.get(code="call.held")
    for who, seen in ((mailing.cast.charlie, 404), (mailing.cast.bob, 404), (mailing.cast.alice, 200)):
        client.force_login(who)
        assert client.get(f"{reverse('tickets:report')}?event={event.pk}").status_code == seen
    client.force_login(mailing.cast.charlie)
    for query in ("ticket=1", "ticket=x", "event=x", "", "ticket=99999999999"):
        assert client.get(f"{reverse('tickets:report')}?{query}").status_code == 404
    assert client.get(reverse("tickets:detail", args=[1])).status_code == 404
