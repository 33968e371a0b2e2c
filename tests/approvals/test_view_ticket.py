"""The ticket page shows what will be sent, to those who may see it."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from approvals.models import PendingAction
from approvals.queries import held_of
from tests.stage.held_calls import Mailing


def test_bob_sees_the_card_and_approves(mailing: Mailing, client: Any) -> None:
    held = mailing.held('{"to":"max@example.test","text":"pay\u202enow"}'.encode())
    client.force_login(mailing.cast.bob)
    page = client.get(reverse("tickets:detail", args=[1])).content.decode()
    assert "max@example.test" in page
    assert "1 hidden character" in page
    assert "\u202e" not in page
    answer = client.post(reverse("tickets:approve", args=[1]), {"reason": ""})
    assert answer.status_code == 302
    assert held_of(held.action_id).state == "approved"


def test_a_ticket_whose_time_is_over_offers_nothing(mailing: Mailing, client: Any) -> None:
    held = mailing.held()
    PendingAction.objects.filter(pk=held.action_id).update(expires_at=timezone.now() - timedelta(seconds=1))
    client.force_login(mailing.cast.bob)
    page = client.get(reverse("tickets:detail", args=[1])).content.decode()
    assert "Its time ran out" in page and "Approve and run" not in page


def test_a_rejection_without_reason_shows_the_message_beside_the_field(mailing: Mailing, client: Any) -> None:
    held = mailing.held()
    client.force_login(mailing.cast.bob)
    answer = client.post(reverse("tickets:reject", args=[1]), {"reason": ""})
    assert answer.status_code == 400
    assert "Say why" in answer.content.decode()
    assert held_of(held.action_id).state == "waiting"


def test_dana_sees_her_ticket_without_buttons_and_charlie_none(mailing: Mailing, client: Any) -> None:
    mailing.held()
    client.force_login(mailing.cast.dana)
    assert "Approve and run" not in client.get(reverse("tickets:detail", args=[1])).content.decode()
    client.force_login(mailing.cast.charlie)
    assert client.get(reverse("tickets:detail", args=[1])).status_code == 404
