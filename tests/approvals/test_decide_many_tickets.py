"""Deciding on several calls at once: nothing dangerous, nothing unread, and each decision is one of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import Decision, PendingAction, Ticket
from audit.models import Event
from connectors.models import Connector, Tool
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


def send(client: Client, action: str, rows: list[Ticket], **more: Any) -> str:
    sent = {"action": action, "ids": [str(row.pk) for row in rows]} | more
    return re.sub(r"\s+", " ", client.post(URL, sent, follow=True).content.decode())


def confirm(client: Client, action: str, rows: list[Ticket], **more: Any) -> str:
    """As somebody does who has read the page before."""
    return send(client, action, rows, **more, **shown(send(client, action, rows, **more)), sure="1")


def shown(preview: str) -> dict[str, Any]:
    return {"shown": re.findall(r'name="shown" value="([^"]+)"', preview)}


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
    assert "3 calls were approved" in send(client, "approve", waiting, **shown(preview), sure="1")
    assert states() == ["approved"] * 3 + ["waiting"] * 3
    assert Decision.objects.filter(approver=mailing.cast.bob, verdict="approve").count() == 3
    approved = Event.objects.filter(organization_id=mailing.cast.acme.pk, code="action.approved")
    assert approved.count() == 3


def test_a_yes_is_for_what_was_read_and_nothing_else(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    """Nothing was previewed, or one of them was not, or what it would send was changed since."""
    client.force_login(mailing.cast.bob)
    unread = "not shown to you, or has changed since"
    assert unread in send(client, "approve", waiting[:3], sure="1")
    read = shown(send(client, "approve", waiting[:2]))
    PendingAction.objects.filter(ticket=waiting[1]).update(binding=bytes(32))
    answer = send(client, "approve", waiting[:3], **read, sure="1")
    assert "1 call was approved" in answer and answer.count(unread) == 2
    assert states() == ["approved"] + ["waiting"] * 5


def test_calls_that_are_alike_are_decided_on_together(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    """Identical calls of two people, and all calls of one person; without what is dangerous no more than the rest."""
    mailing.tool.risk_override = "moderate"
    hold(mailing.call(b'{"text":"Hello 0"}', user=mailing.cast.alice))
    client.force_login(mailing.cast.bob)
    page = client.get("/tickets/?show=waiting")
    identical, of_dana = page.context["alike"]
    assert (identical.words, identical.by, identical.may_approve) == ("2 identical calls", "2 people", True)
    assert (of_dana.words, of_dana.by, of_dana.may_approve) == ("6 calls", mailing.cast.dana.email, False)
    together = list(Ticket.objects.filter(pk__in=identical.ids))
    assert "2 calls were approved" in confirm(client, "approve", together)


def test_many_ask_the_database_no_more_than_few(
    client: Client, mailing: Mailing, waiting: list[Ticket], django_assert_max_num_queries: Any
) -> None:
    """Also where it has to be read whose accounts somebody else could be using."""
    User.objects.filter(pk=mailing.cast.bob.pk).update(is_proven=False, vouched_by=mailing.cast.alice)
    client.force_login(mailing.cast.bob)
    send(client, "approve", waiting)
    with django_assert_max_num_queries(15):
        send(client, "approve", waiting)
    with django_assert_max_num_queries(38):
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
    preview = confirm(client, "approve", [*waiting[:1], mine])
    assert "1 call was approved" in preview
    assert "because you asked for this call yourself: somebody else has to decide on it" in preview
    assert PendingAction.objects.get(ticket=mine).state == "waiting"


def test_what_is_decided_meanwhile_stays_so(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    client.force_login(mailing.cast.bob)
    confirm(client, "approve", waiting[:1])
    again = send(client, "reject", waiting[:1], reason="Too late.", sure="1")
    assert "None of 1 call can be rejected." in again and states()[0] == "approved"


def test_dana_and_outsiders_decide_on_nothing(client: Client, mailing: Mailing, waiting: list[Ticket]) -> None:
    client.force_login(mailing.cast.dana)
    assert 'name="ids"' not in client.get("/tickets/").content.decode()
    assert "None of 3 calls can be approved." in confirm(client, "approve", waiting[:3])
    client.force_login(mailing.cast.charlie)
    assert "Nothing was changed" in confirm(client, "approve", waiting)
    assert states() == ["waiting"] * 6


def test_whoever_approved_first_still_rejects_in_a_crowd(
    client: Client, mailing: Mailing, waiting: list[Ticket]
) -> None:
    Connector.objects.update(deciders=Connector.Deciders.TWO_PEOPLE)
    client.force_login(mailing.cast.bob)
    assert "1 call was approved" in confirm(client, "approve", waiting[:1])
    assert "None of 1 call can be approved." in send(client, "approve", waiting[:1])
    assert "1 call was rejected" in send(client, "reject", waiting[:1], reason="I saw it too late.", sure="1")
    assert states()[0] == "rejected"


def test_what_has_become_dangerous_since_is_decided_on_alone(
    client: Client, mailing: Mailing, waiting: list[Ticket]
) -> None:
    """It was of moderate risk when it was asked for: nobody approves it in a crowd, nor without a fresh sign-in."""
    Tool.objects.update(risk_override="dangerous")
    client.force_login(mailing.cast.bob)
    assert not any(group.may_approve for group in client.get("/tickets/?show=waiting").context["alike"])
    assert "None of 3 calls can be approved." in confirm(client, "approve", waiting[:3])
    assert states() == ["waiting"] * 6


def test_what_ran_out_of_time_is_not_said_to_be_decided_on(
    client: Client, mailing: Mailing, waiting: list[Ticket]
) -> None:
    PendingAction.objects.update(expires_at="2020-01-01T00:00Z")
    client.force_login(mailing.cast.bob)
    told = send(client, "reject", waiting[:1], reason="No.", sure="1")
    assert "None of 1 call can be rejected." in told and "its time ran out" in told
