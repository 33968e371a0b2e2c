"""Dana takes her call back: nothing leaves, her client hears it, and Bob is no longer asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse

from approvals.actions.approve_action import approve_action
from approvals.actions.collect_result import collect_result
from approvals.actions.expire_actions import expire_actions
from approvals.actions.finish_action import finish_action
from approvals.actions.lose_action import lose_action
from approvals.actions.reject_action import reject_action
from approvals.actions.take_action import take_action
from approvals.actions.withdraw_action import withdraw_action
from approvals.errors import NotYours, TooLate
from approvals.models import PendingAction
from approvals.queries import held_of
from audit.actor import SYSTEM
from audit.models import Event
from harriet.gateway.steps.ticket import refusal_of
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.models import Membership, Notice
from tests.stage.cast import Cast
from tests.stage.held_calls import Mailing, make_mailing


def test_dana_withdraws_and_nobody_is_asked_any_more(mailing: Mailing) -> None:
    held, dana = mailing.held(), mailing.cast.actor(mailing.cast.dana)
    withdraw_action(mailing.action(held), actor=dana)
    assert not Notice.objects.filter(read_at=None).exists()
    assert not mailing.action(held).ticket.is_open
    assert Event.objects.get(code="action.withdrawn").sentence.startswith("Dana withdrew send_mail on ticket #1")
    with pytest.raises(TooLate):
        approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))


def test_her_client_hears_it_once_and_may_ask_anew(mailing: Mailing) -> None:
    held = mailing.held()
    withdraw_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.dana))
    told = mailing.held()
    assert (told.action_id, told.state) == (held.action_id, "withdrawn")
    assert "withdrawn by you" in refusal_of(told) and "has not run" in refusal_of(told)
    assert mailing.held().state == "waiting"


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_nobody_else_withdraws_it(mailing: Mailing, who: str) -> None:
    held = mailing.held()
    with pytest.raises(NotYours):
        withdraw_action(mailing.action(held), actor=mailing.cast.actor(getattr(mailing.cast, who)))
    assert held_of(held.action_id).state == "waiting"


def test_an_admin_withdraws_anybodys_until_it_runs(mailing: Mailing, client: Any) -> None:
    alice, bob = mailing.cast.alice, mailing.cast.actor(mailing.cast.bob)
    waiting, approved, running = (mailing.held(b'{"n":%d}' % n) for n in range(3))
    for held in (approved, running):
        approve_action(mailing.action(held), actor=bob)
    take_action(running.action_id, actor=SYSTEM)
    client.force_login(alice)
    for held in (waiting, approved):
        page = client.post(reverse("tickets:withdraw", args=[held.ticket_number]), follow=True).content.decode()
        assert "has not run, and their client is told so" in page
        told = refusal_of(held_of(held.action_id))
        assert f"was withdrawn (ticket #{held.ticket_number}): Alice" in told and "has not run" in told
        assert not take_action(held.action_id, actor=SYSTEM)
    with pytest.raises(TooLate):
        withdraw_action(mailing.action(running), actor=mailing.cast.actor(alice))
    told_of = Notice.objects.filter(user=mailing.cast.dana, text__contains="withdrawn by Alice")
    assert told_of.count() == 2


def test_what_was_decided_cannot_be_withdrawn(mailing: Mailing) -> None:
    held = mailing.held()
    approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))
    with pytest.raises(TooLate):
        withdraw_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.dana))
    assert held_of(held.action_id).state == "approved"


@pytest.mark.django_db(transaction=True)
def test_of_a_withdrawal_and_an_approval_at_once_one_wins(committed_cast: Cast) -> None:
    mailing = make_mailing(committed_cast)
    held = mailing.held()
    dana, bob = committed_cast.actor(committed_cast.dana), committed_cast.actor(committed_cast.bob)

    def tried(move: Any, actor: Any) -> bool:
        try:
            move(mailing.action(held), actor=actor)
        except TooLate:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as threads:
        withdrawn, approved = threads.map(tried, (withdraw_action, approve_action), (dana, bob))
    assert withdrawn != approved
    assert held_of(held.action_id).state == ("withdrawn" if withdrawn else "approved")


def test_she_withdraws_on_the_page(mailing: Mailing, client: Any) -> None:
    held = mailing.held()
    client.force_login(mailing.cast.dana)
    assert "Withdraw the call" in client.get(reverse("tickets:detail", args=[1])).content.decode()
    answer = client.post(reverse("tickets:withdraw", args=[1]), follow=True).content.decode()
    assert "Withdrawn. The call has not run" in answer and "Withdraw the call" not in answer
    assert held_of(held.action_id).state == "withdrawn"
    client.force_login(mailing.cast.bob)
    assert "Withdraw the call" not in client.get(reverse("tickets:detail", args=[1])).content.decode()


def told_to(user: Any) -> list[str]:
    return list(Notice.objects.filter(user=user).values_list("text", flat=True))


def test_dana_hears_of_each_decision_in_her_inbox(mailing: Mailing) -> None:
    bob, dana = mailing.cast.actor(mailing.cast.bob), mailing.cast.dana
    approved, rejected, late = (mailing.held(b'{"n":%d}' % n) for n in range(3))
    approve_action(mailing.action(approved), actor=bob)
    take_action(approved.action_id, actor=SYSTEM)
    finish_action(approved.action_id, b"{}", actor=SYSTEM)
    reject_action(mailing.action(rejected), reason="Not to competitors.", actor=bob)
    PendingAction.objects.filter(pk=late.action_id).update(expires_at="2020-01-01T00:00Z")
    expire_actions(actor=SYSTEM)
    lines = sorted(told_to(dana))
    assert "expired without a decision, and has not run" in lines[0]
    assert "was approved by Bob, and its answer is there" in lines[1]
    assert "was rejected by Bob: Not to competitors." in lines[2]


def test_a_line_about_an_answer_that_the_client_has_asks_for_nothing(mailing: Mailing) -> None:
    held = mailing.held()
    approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))
    take_action(held.action_id, actor=SYSTEM)
    finish_action(held.action_id, b"{}", actor=SYSTEM)
    collect_result(held.action_id, actor=SYSTEM)
    assert told_to(mailing.cast.dana)
    assert not Notice.objects.filter(user=mailing.cast.dana, read_at=None).exists()


def test_an_approved_call_that_did_not_run_in_time_is_not_said_to_have_waited_in_vain(mailing: Mailing) -> None:
    held = mailing.held()
    approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))
    PendingAction.objects.update(expires_at="2020-01-01T00:00Z")
    assert expire_actions(actor=SYSTEM) == 1
    now = held_of(held.action_id)
    assert (now.state, now.reason) == ("expired", "It was approved, but did not run in time.")
    told = Event.objects.get(code="action.invalidated").sentence
    assert "was not run: It was approved, but did not run in time." in told
    assert any("was approved, did not run in time and has expired" in line for line in told_to(mailing.cast.dana))
    assert not Event.objects.filter(code="action.expired").exists()
    assert "expired (ticket #1): It was approved" in refusal_of(now)


def test_dana_reads_in_her_activity_who_took_a_call_back_and_how_others_ended(mailing: Mailing, client: Any) -> None:
    cast = mailing.cast
    withdrawn, lost, ended = (mailing.held(b'{"n":%d}' % n) for n in range(3))
    withdraw_action(mailing.action(withdrawn), actor=cast.actor(cast.alice))
    approve_action(mailing.action(lost), actor=cast.actor(cast.bob))
    take_action(lost.action_id, actor=SYSTEM)
    lose_action(lost.action_id, actor=SYSTEM)
    dana = Membership.objects.select_related("user", "organization").get(user=cast.dana)
    deactivate_person(dana, actor=cast.actor(cast.alice))
    activate_person(dana, actor=cast.actor(cast.alice))
    assert held_of(ended.action_id).state == "ended"
    client.force_login(cast.dana)
    page = client.get(reverse("me:activity")).content.decode()
    assert "Alice withdrew it" in page and "you withdrew it" not in page
    assert "Started, outcome unknown" in page and "check with the service" in page and "about to run" not in page
    assert "Ended with your access" in page and "Waits for approval" not in page
