"""Of two who want the same rows at once one waits for the other, in one order: nobody is told of a deadlock, and what
the first did the second finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models.functions import Now

from approvals.actions.cancel_run import cancel_run
from approvals.actions.claim_ticket import claim_ticket
from approvals.actions.give_access import give_access
from approvals.actions.record_decision import approve_standing, standing
from approvals.actions.reject_action import reject_action
from approvals.actions.remind_approvers import remind_approvers
from approvals.actions.reply_to_run import reply_to_run
from approvals.actions.report_behaviour import MOST_OPEN, About, report_behaviour
from approvals.actions.request_access import request_access
from approvals.errors import TooLate, TooMany
from approvals.models import AccessRequest, PendingAction, RunStep, Ticket, TicketComment, WorkflowRun
from approvals.queries import held_of
from audit.actor import SYSTEM
from audit.models import Event
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.models import Membership, Notice
from tests.stage.cast import Cast
from tests.stage.held_calls import Mailing, hold, make_mailing
from tests.stage.profiles import profile
from tests.stage.waiting import wait_for_a_lock
from tests.stage.workflow_rows import make_workflow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailing(committed_cast: Cast) -> Mailing:
    return make_mailing(committed_cast)


Begin = Callable[[Callable[[], Any]], Future[Any]]


@contextmanager
def our_turn() -> Iterator[Begin]:
    """A transaction of ours, and how somebody else begins and waits for what it holds; who goes on when it is over."""

    def alone(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    def begin(act: Callable[[], Any]) -> Future[Any]:
        future = others.submit(alone, act)
        wait_for_a_lock()
        return future

    with ThreadPoolExecutor(1) as others, transaction.atomic():
        yield begin


def a_run(mailing: Mailing) -> WorkflowRun:
    """Dana's, which asks something."""
    profile(mailing.cast.acme, mailing.tool.connector, groups=[mailing.cast.sales])
    return make_workflow(mailing.cast)[1]


def of_dana(mailing: Mailing) -> Membership:
    return Membership.objects.select_related("user", "organization").get(user=mailing.cast.dana)


def test_of_two_replies_to_one_question_one_is_taken(mailing: Mailing) -> None:
    run, cast = a_run(mailing), mailing.cast
    with our_turn() as begin:
        reply_to_run(run, "The large one.", actor=cast.actor(cast.dana))
        second = begin(lambda: reply_to_run(run, "The small one.", actor=cast.actor(cast.alice)))
    with pytest.raises(TooLate):
        second.result()
    assert TicketComment.objects.get().text == "The large one."


def test_nobody_begins_to_look_at_what_is_decided_at_this_moment(mailing: Mailing) -> None:
    held, cast = mailing.held(), mailing.cast
    ticket = mailing.action(held).ticket
    with our_turn() as begin:
        reject_action(mailing.action(held), reason="No.", actor=cast.actor(cast.bob))
        second = begin(lambda: claim_ticket(ticket, actor=cast.actor(cast.alice)))
    with pytest.raises(TooLate):
        second.result()
    assert Ticket.objects.get().claimed_by is None


def test_a_reminder_waits_for_a_decision_and_leaves_out_what_is_decided(mailing: Mailing) -> None:
    held, cast = mailing.held(), mailing.cast
    other = mailing.held(b'{"n":2}')
    PendingAction.objects.update(expires_at=Now() + timedelta(hours=1))
    with our_turn() as begin:
        stands = standing(mailing.action(held), cast.actor(cast.bob))
        reminder = begin(lambda: remind_approvers(actor=SYSTEM))
        assert approve_standing(stands, "", cast.actor(cast.bob))
    assert reminder.result() == 1
    assert [one.pk for one in PendingAction.objects.filter(reminded_at__isnull=False)] == [other.action_id]
    assert "This call expires soon" in Notice.objects.get(user=cast.bob, kind="expiring").text


def test_whose_access_ends_while_one_of_their_calls_is_approved(mailing: Mailing) -> None:
    first, second = mailing.held(b'{"n":1}'), mailing.held(b'{"n":2}')
    cast, dana = mailing.cast, of_dana(mailing)
    with our_turn() as begin:
        stands = standing(mailing.action(second), cast.actor(cast.bob))
        ending = begin(lambda: deactivate_person(dana, actor=cast.actor(cast.alice)))
        assert approve_standing(stands, "", cast.actor(cast.bob))
    ending.result()
    assert (held_of(first.action_id).state, held_of(second.action_id).state) == ("ended", "invalid")


def test_a_run_is_cancelled_while_its_call_is_approved(mailing: Mailing) -> None:
    run, cast = a_run(mailing), mailing.cast
    RunStep.objects.update(state=RunStep.State.RUNNING, kind="call")
    step = RunStep.objects.get()
    held = hold(replace(mailing.call(), run_step_id=step.pk))
    with our_turn() as begin:
        stands = standing(mailing.action(held), cast.actor(cast.bob))
        cancelling = begin(lambda: cancel_run(run, actor=cast.actor(cast.dana)))
        assert approve_standing(stands, "", cast.actor(cast.bob))
    cancelling.result()
    assert held_of(held.action_id).state == "withdrawn"
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_of_two_reports_at_once_no_more_wait_than_may(mailing: Mailing) -> None:
    cast, dana, about = mailing.cast, of_dana(mailing), About(ticket=mailing.action(mailing.held()).ticket)
    report = partial(report_behaviour, dana, about, "Odd.", actor=cast.actor(cast.dana))
    for _ in range(MOST_OPEN - 1):
        report()
    with our_turn() as begin:
        report()
        second = begin(report)
    with pytest.raises(TooMany):
        second.result()


def test_a_request_that_is_answered_as_its_persons_access_ends_stays_answered(mailing: Mailing) -> None:
    cast, dana = mailing.cast, of_dana(mailing)
    asked = request_access(dana, None, "A tool for offers.", actor=cast.actor(cast.dana))
    with our_turn() as begin:
        give_access(asked, None, "By mail.", actor=cast.actor(cast.alice))
        ending = begin(lambda: deactivate_person(dana, actor=cast.actor(cast.alice)))
    ending.result()
    assert AccessRequest.objects.get().state == "given"
    assert not Event.objects.filter(code="access.declined").exists()
