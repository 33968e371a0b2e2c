"""Dana's agent asks for very much at once: Bob hears of all of it, in few lines and two mails, and not without end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F

from approvals.actions.approve_action import approve_action
from approvals.actions.reject_action import reject_action
from approvals.errors import TooMany
from approvals.held_call import Held
from approvals.limits import MOST_OF_A_PERSON, MOST_OF_A_TOOL
from approvals.models import PendingAction, Ticket
from harriet.people.actions.choose_notifications import choose_notifications
from harriet.people.actions.send_notices import QUIET_EVERY, send_due_notices
from harriet.people.models import Notice
from harriet.people.roles import Role
from tests.stage.cast import person
from tests.stage.connectors import connector, tool
from tests.stage.held_calls import Mailing, call_of, hold


def ask(mailing: Mailing, count: int, first: int = 0) -> list[Held]:
    return [hold(mailing.call(b'{"n":%d}' % number)) for number in range(first, first + count)]


def line_of(user: Any) -> Notice:
    return Notice.objects.get(user=user, read_at=None)


def mails_to(user: Any) -> list[str]:
    return [str(message.body) for message in mail.outbox if user.email in message.to]


def let_time_pass() -> None:
    moved = {name: F(name) - QUIET_EVERY for name in ("tried_at", "sent_at", "due_at")}
    Notice.objects.update(**moved)


def test_one_tool_waits_twenty_times_and_then_says_why_not(mailing: Mailing) -> None:
    ask(mailing, MOST_OF_A_TOOL)
    with pytest.raises(TooMany, match=r"20 calls of send_mail .*oldest is ticket #1\..*has not run.*/tickets/"):
        hold(mailing.call(b'{"n":"one more"}'))
    assert Ticket.objects.count() == MOST_OF_A_TOOL
    assert hold(mailing.call(b'{"n":0}')).ticket_number == 1  # what waits already is found as before
    reject_action(PendingAction.objects.earliest("pk"), reason="No.", actor=mailing.cast.actor(mailing.cast.bob))
    assert hold(mailing.call(b'{"n":"one more"}')).ticket_number == MOST_OF_A_TOOL + 1


def test_all_tools_of_a_person_together_have_a_bound_and_others_have_their_own(mailing: Mailing) -> None:
    mail_tool = mailing.tool
    for number in range(4):
        mailing.tool = tool(mail_tool.connector, {"name": f"tool_{number}"})
        with pytest.raises(TooMany) if number == 3 else nullcontext():
            ask(mailing, MOST_OF_A_PERSON // 3)
    assert Ticket.objects.count() == MOST_OF_A_PERSON
    mailing.tool = mail_tool
    assert hold(mailing.call(user=mailing.cast.alice)).ticket_number == MOST_OF_A_PERSON + 1


def test_a_burst_is_one_line_that_counts(mailing: Mailing) -> None:
    bob = mailing.cast.actor(mailing.cast.bob)
    held = ask(mailing, 12)
    line = line_of(mailing.cast.bob)
    assert line.text == f"{mailing.cast.dana.email} asks to run CRM: send_mail (12 calls)."
    assert line.path == "/tickets/?show=waiting"
    for one in held[:11]:
        approve_action(mailing.action(one), actor=bob)
    line.refresh_from_db()
    assert (line.text, line.path) == (f"{mailing.cast.dana.email} asks to run CRM: send_mail.", held[11].ticket_path)
    reject_action(mailing.action(held[11]), reason="Enough.", actor=bob)
    assert not Notice.objects.filter(read_at=None).exclude(user=mailing.cast.dana).exists()


def test_what_comes_after_a_look_is_news_again(mailing: Mailing) -> None:
    ask(mailing, 1)
    Notice.objects.update(read_at="2026-01-01T00:00Z")
    ask(mailing, 1, first=1)
    assert "(2 calls)" in line_of(mailing.cast.bob).text


def test_the_first_is_mailed_at_once_and_the_rest_together(mailing: Mailing) -> None:
    held = ask(mailing, 1)
    send_due_notices()
    assert [body.count("/tickets/") for body in mails_to(mailing.cast.bob)] == [1]
    later = ask(mailing, 11, first=1)
    send_due_notices()
    send_due_notices()
    assert len(mails_to(mailing.cast.bob)) == 1
    let_time_pass()
    send_due_notices()
    send_due_notices()
    first, rest = mails_to(mailing.cast.bob)
    assert "asks to run CRM: send_mail (12 calls)" in rest
    assert held[0].ticket_path in first and held[0].ticket_path + "\n" not in rest, "named once"
    assert all(one.ticket_path in rest for one in later)
    assert not mails_to(mailing.cast.dana)


def test_a_storm_of_several_people_at_several_connectors_is_one_mail_at_a_time(mailing: Mailing) -> None:
    """26 calls of two people at three connectors: two mails to each approver, and every call is in one of them."""
    cast = mailing.cast
    ben = person(cast.acme, "Ben", Role.APPROVER)
    others = [connector(cast.acme, f"http://127.0.0.1:9/{name}", slug=name, name=name) for name in ("erp", "wiki")]
    tools = [mailing.tool, *(tool(one, {"name": "write"}, requires_confirmation=True) for one in others)]
    held = []
    for number in range(26):
        asker = cast.dana if number % 2 else cast.alice
        held.append(hold(call_of(tools[number % 3], asker, b'{"n":%d}' % number)))
        send_due_notices()
    assert [len(mails_to(user)) for user in (cast.bob, ben)] == [1, 1]
    let_time_pass()
    for _ in range(3):
        send_due_notices()
    for user in (cast.bob, ben):
        assert len(mails_to(user)) == 2
        together = "".join(mails_to(user))
        assert all(f"{one.ticket_path}" in together for one in held)
    assert Notice.objects.filter(user=cast.bob).count() == 6, "a line for each person and connector"


def test_a_burst_before_the_first_mail_goes_out_is_in_it(mailing: Mailing) -> None:
    held = ask(mailing, 5)
    send_due_notices()
    (only,) = mails_to(mailing.cast.bob)
    assert all(f"{one.ticket_path}" in only for one in held)


def test_what_is_decided_meanwhile_is_not_mailed(mailing: Mailing) -> None:
    held = ask(mailing, 3)
    for one in held:
        approve_action(mailing.action(one), actor=mailing.cast.actor(mailing.cast.bob))
    send_due_notices()
    assert mail.outbox == []


def test_who_wants_no_mail_has_the_inbox(mailing: Mailing) -> None:
    choose_notifications(mailing.cast.bob, {"calls": "inbox"})
    ask(mailing, 2)
    send_due_notices()
    assert not mails_to(mailing.cast.bob) and "(2 calls)" in line_of(mailing.cast.bob).text
    assert mails_to(mailing.cast.alice), "Alice did not choose that"


def test_decisions_at_the_same_moment_empty_the_inbox(transactional_db: None, mailing: Mailing) -> None:
    bob = mailing.cast.actor(mailing.cast.bob)

    def approve(one: Held) -> None:
        try:
            approve_action(mailing.action(one), actor=bob)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as deciders:
        list(deciders.map(approve, ask(mailing, 12)))
    assert not Notice.objects.filter(read_at=None).exists()
