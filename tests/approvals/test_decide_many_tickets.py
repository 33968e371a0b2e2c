"""Deciding on several calls at once: nothing dangerous, nothing unread, and each decision is one of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import Decision, PendingAction, Ticket
from audit.models import Event
from connectors.models import Tool
from harriet.people.models import User
from tests.stage.held_calls import Mailing, hold

URL = "/tickets/decide/"


@pytest.fixture
def waiting(mailing: Mailing) -> list[Ticket]:
    """Three that can be read at a glance, one that is dangerous, one that is long, one with a hidden character."""
    Tool.objects.filter(pk=mailing.tool.pk).update(risk_override="moderate")
    mailing.tool.refresh_from_db()
    for number in range(3):
        mailing.held(b'{"text":"Hello %d"}' % number)
    mailing.held(b'{"text":"%s"}' % (b"x" * 500))
    mailing.held('{"text":"Hello\u202e"}'.encode())
    mailing.tool.risk_override = "dangerous"
    mailing.held(b'{"text":"Delete"}')
    return list(Ticket.objects.order_by("number"))


def send(client: Client, action: str, rows: list[Ticket], **more: str) -> str:
    sent = {"action": action, "ids": [str(row.pk) for row in rows]} | more
    return re.sub(r"\s+", " ", client.post(URL, sent, follow=True).content.decode())


def states() -> list[str]:
    return list(PendingAction.objects.order_by("ticket__number").values_list("state", flat=True))


def test_bob_approves_what_he_was_shown_whole(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    client.force_login(mailing.cast.bob)
    preview = send(client, "approve", waiting)
    assert "3 of 6 calls will be approved; 3 stay as they are." in preview
    assert "&quot;Hello 0&quot;" in preview and "Each runs once" in preview
    for why in ("its risk is dangerous", "it is too long to be read here", "there are hidden characters in it"):
        assert why in preview, why
    assert states() == ["waiting"] * 6
    assert "3 calls were approved" in send(client, "approve", waiting, sure="1")
    assert states() == ["approved"] * 3 + ["waiting"] * 3
    assert Decision.objects.filter(approver=mailing.cast.bob, verdict="approve").count() == 3
    approved = Event.objects.filter(organization_id=mailing.cast.acme.pk, code="action.approved")
    assert approved.count() == 3


def test_many_ask_the_database_no_more_than_few(
    client: Client, mailing: Mailing, waiting: list[Ticket], django_assert_max_num_queries: Any
) -> None:
    """Also where it has to be read whose accounts somebody else could be using."""
    User.objects.filter(pk=mailing.cast.bob.pk).update(is_proven=False, vouched_by=mailing.cast.alice)
    client.force_login(mailing.cast.bob)
    send(client, "approve", waiting)
    with django_assert_max_num_queries(15):
        send(client, "approve", waiting)
    with django_assert_max_num_queries(15):
        client.get(reverse("tickets:detail", args=[waiting[0].number]))


def test_rejecting_takes_a_reason_that_each_is_told(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    client.force_login(mailing.cast.bob)
    assert "Goes back to the person and their client." in send(client, "reject", waiting)
    assert "Say why: the reason goes back" in send(client, "reject", waiting, filled="1", reason=" ")
    assert "6 calls will be rejected." in send(client, "reject", waiting, filled="1", reason="Not today.")
    assert "6 calls were rejected" in send(client, "reject", waiting, reason="Not today.", sure="1")
    assert states() == ["rejected"] * 6
    assert list(Decision.objects.values_list("reason", flat=True)) == ["Not today."] * 6


def test_nobody_decides_on_their_own_calls_in_a_crowd(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    mailing.tool.risk_override = "moderate"
    hold(mailing.call(b'{"text":"Mine"}', user=mailing.cast.bob))
    client.force_login(mailing.cast.bob)
    mine = Ticket.objects.latest("number")
    preview = send(client, "approve", [*waiting[:1], mine], sure="1")
    assert "1 call was approved" in preview
    assert "because you asked for this call yourself: somebody else has to decide on it" in preview
    assert PendingAction.objects.get(ticket=mine).state == "waiting"


def test_what_is_decided_meanwhile_stays_so(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    client.force_login(mailing.cast.bob)
    send(client, "approve", waiting[:1], sure="1")
    again = send(client, "reject", waiting[:1], reason="Too late.", sure="1")
    assert "None of 1 call can be rejected." in again and states()[0] == "approved"


def test_dana_and_outsiders_decide_on_nothing(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    client.force_login(mailing.cast.dana)
    assert 'name="ids"' not in client.get("/tickets/").content.decode()
    assert "None of 3 calls can be approved." in send(client, "approve", waiting[:3], sure="1")
    client.force_login(mailing.cast.charlie)
    assert "Nothing was changed" in send(client, "approve", waiting, sure="1")
    assert states() == ["waiting"] * 6
