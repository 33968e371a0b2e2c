"""A channel of the company's chat is told of what waits: quietly, once, signed, and nothing that is not for a chat."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.chat import Chat

if TYPE_CHECKING:
    from approvals.models import Webhook
    from tests.stage.held_calls import Mailing


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    yield chat
    chat.stop()


def added(mailing: Mailing, chat: Chat, **given: Any) -> tuple[Webhook, str]:
    from approvals.actions.add_webhook import add_webhook

    acme, alice = mailing.cast.acme, mailing.cast.actor(mailing.cast.alice)
    acme.internal_hosts = ["127.0.0.1"]
    acme.save(update_fields=["internal_hosts"])
    said: dict[str, Any] = {
        "name": "Chat",
        "address": chat.url,
        "kinds": ["calls", "expiring", "requests"],
        "allow_internal": True,
    }
    webhook, key = add_webhook(acme, **(said | given), actor=alice)
    return webhook, key.reveal()


def hold(mailing: Mailing, number: int) -> Any:
    from tests.stage.held_calls import hold

    return hold(mailing.call(b'{"secret_argument":%d}' % number))


def a_minute_later() -> None:
    from django.db.models import F

    from approvals.actions.send_webhooks import QUIET_EVERY
    from approvals.models import WebhookMessage

    WebhookMessage.objects.update(
        due_at=F("due_at") - QUIET_EVERY, sent_at=F("sent_at") - QUIET_EVERY, created_at=F("created_at") - QUIET_EVERY
    )


def send() -> None:
    from approvals.actions.send_webhooks import send_due_messages

    send_due_messages()


def test_a_call_is_told_once_signed_and_without_its_arguments(mailing: Mailing, chat: Chat) -> None:
    _, key = added(mailing, chat)
    hold(mailing, 1)
    send()
    send()
    assert len(chat.bodies) == 1
    said, headers = chat.said(), chat.headers[0]
    assert "asks to run CRM: send_mail" in said["text"]
    assert "secret_argument" not in chat.bodies[0].decode()
    matter = said["metadata"]["event_payload"]["matters"][0]
    assert matter["kind"] == "calls"
    assert matter["url"].endswith("/tickets/1/")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + chat.bodies[0]
    raw = base64.b64decode(key.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"


def test_what_comes_within_a_minute_is_in_the_next_message(mailing: Mailing, chat: Chat) -> None:
    added(mailing, chat)
    hold(mailing, 1)
    send()
    for number in range(2, 6):
        hold(mailing, number)
        send()
    assert len(chat.bodies) == 1
    a_minute_later()
    send()
    assert len(chat.bodies) == 2
    matter = chat.said()["metadata"]["event_payload"]["matters"][0]
    assert "(5 calls)" in matter["text"]
    assert [one["url"].rsplit("/", 2)[1] for one in matter["of"]] == ["2", "3", "4", "5"]  # the first was told before


def test_what_was_decided_before_it_was_sent_is_not_told(mailing: Mailing, chat: Chat) -> None:
    from approvals.actions.reject_action import reject_action
    from approvals.models import PendingAction

    added(mailing, chat)
    hold(mailing, 1)
    reject_action(PendingAction.objects.get(), reason="No.", actor=mailing.cast.actor(mailing.cast.bob))
    send()
    assert not chat.bodies


@pytest.mark.parametrize(
    ("status", "hangs_up", "is_sent_again"),
    [
        (503, False, True),
        (429, False, True),
        (500, False, False),
        (302, False, False),
        (404, False, False),
        (200, True, False),
    ],
)
def test_what_may_have_arrived_is_not_sent_again(
    mailing: Mailing, chat: Chat, status: int, hangs_up: bool, is_sent_again: bool
) -> None:
    from approvals.models import WebhookMessage

    webhook, _ = added(mailing, chat)
    chat.status, chat.hangs_up = status, hangs_up
    hold(mailing, 1)
    send()
    webhook.refresh_from_db()
    assert "127.0.0.1" in webhook.problem
    assert "verysecretpart" not in webhook.problem
    message = WebhookMessage.objects.get()
    assert (message.due_at is not None) is is_sent_again
    assert message.sent_at is None
    assert message.problem.startswith("Whether it arrived is not known") is hangs_up
    a_minute_later()
    chat.status, chat.hangs_up = 200, False
    send()
    assert len(chat.bodies) == 1 + is_sent_again
    if is_sent_again:
        assert chat.headers[0]["webhook-id"] == chat.headers[1]["webhook-id"]
        webhook.refresh_from_db()
        assert not webhook.problem


def test_nothing_that_somebody_wrote_means_anything_to_the_chat(mailing: Mailing, chat: Chat) -> None:
    from approvals.models import WebhookMessage
    from approvals.webhooks.body import body_of

    text = "<!channel> <https://evil.example|ok> [ok](https://evil.example) @here \u202e dana@acme.test send_mail"
    said = json.loads(body_of([WebhookMessage(kind="calls", text=text, path="/tickets/1/")]))
    for part in (said["text"], said["blocks"][0]["text"]["text"]):
        for meant in ("<!channel>", "https://evil", "](", "@here", "\u202e"):
            assert meant not in part
        for kept in ("⟨U+202E⟩", "dana@acme.test", "send_mail"):
            assert kept in part


def test_addresses_that_are_not_for_messages_are_refused(mailing: Mailing, chat: Chat) -> None:
    from django.conf import settings

    from approvals.errors import ApprovalError
    from approvals.models import Webhook

    for address in (
        "http://chat.example/x",
        "https://169.254.169.254/latest",
        "https://10.0.0.8/x",
        "ftp://chat.example/x",
        "https://user:pass@chat.example/x",
        f"{settings.BASE_URL}/settings/",
        "",
        "https://chat.example/" + "x" * 3000,
    ):
        with pytest.raises(ApprovalError) as refused:
            added(mailing, chat, address=address, allow_internal=False)
        assert refused.value.field == "address"
    with pytest.raises(ApprovalError, match="at least one"):
        added(mailing, chat, kinds=["nothing"])
    assert not Webhook.objects.exists()


def test_those_who_may_not_manage_add_none(mailing: Mailing, chat: Chat) -> None:
    from approvals.actions.add_webhook import add_webhook
    from harriet.people.errors import NotAllowed

    with pytest.raises(NotAllowed):
        add_webhook(
            mailing.cast.acme,
            name="x",
            address="https://chat.example/x",
            kinds=["calls"],
            allow_internal=False,
            actor=mailing.cast.actor(mailing.cast.bob),
        )


def test_a_webhook_is_removed_once(mailing: Mailing, chat: Chat) -> None:
    from copy import copy

    from approvals.actions.remove_webhook import remove_webhook
    from audit.models import Event

    webhook, _ = added(mailing, chat)
    for _ in range(2):
        remove_webhook(copy(webhook), actor=mailing.cast.actor(mailing.cast.alice))
    assert Event.objects.filter(code="webhook.removed").count() == 1


def test_approvers_are_reminded_once_before_a_call_expires(mailing: Mailing, chat: Chat) -> None:
    from django.db.models.functions import Now

    from approvals.actions.reject_action import reject_action
    from approvals.actions.remind_approvers import remind_approvers
    from approvals.models import PendingAction
    from audit.actor import SYSTEM
    from harriet.people.models import Notice

    added(mailing, chat, kinds=["expiring"])
    hold(mailing, 1)
    hold(mailing, 2)
    assert remind_approvers(actor=SYSTEM) == 0
    PendingAction.objects.update(expires_at=Now() + timedelta(minutes=90))
    hold(mailing, 3)
    assert remind_approvers(actor=SYSTEM) == 2
    assert remind_approvers(actor=SYSTEM) == 0
    line = Notice.objects.get(user=mailing.cast.bob, kind="expiring")
    assert line.text.startswith("2 calls expire soon: ")
    assert not Notice.objects.filter(user=mailing.cast.dana, kind="expiring").exists()
    send()
    assert "2 calls expire soon" in chat.said()["text"]
    for number, left in ((1, "This call expires soon"), (2, "")):
        action = PendingAction.objects.get(ticket__number=number)
        reject_action(action, reason="No.", actor=mailing.cast.actor(mailing.cast.bob))
        line.refresh_from_db()
        assert line.text.startswith(left)
        assert (line.settled_at is None) is bool(left)
