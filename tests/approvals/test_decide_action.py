"""Bob decides; Dana can't; nobody decides twice."""

import pytest

from approvals.actions.approve_action import approve_action
from approvals.actions.collect_result import collect_result
from approvals.actions.expire_actions import expire_actions
from approvals.actions.finish_action import finish_action
from approvals.actions.reject_action import reject_action
from approvals.actions.take_action import take_action
from approvals.errors import ApprovalError, NotYours, TooLate
from approvals.models import PendingAction
from approvals.queries import held_of
from audit.actor import SYSTEM
from audit.models import Event
from harriet.people.models import Notice
from tests.stage.held_calls import ARGUMENTS, Mailing, hold


def test_a_held_call_waits_on_a_ticket_and_approvers_are_told(mailing: Mailing) -> None:
    held = mailing.held()
    assert (held.state, held.ticket_number) == ("waiting", 1)
    assert ARGUMENTS not in bytes(mailing.action(held).sealed_arguments)
    told = set(Notice.objects.values_list("user__email", flat=True))
    assert mailing.cast.bob.email in told
    assert mailing.cast.dana.email not in told
    assert Event.objects.filter(code="call.held").count() == 1


def test_the_same_call_finds_its_ticket_and_another_gets_its_own(mailing: Mailing) -> None:
    first, again, other = mailing.held(), mailing.held(), mailing.held(b'{"to":"eve@example.test"}')
    assert first.action_id == again.action_id
    assert (first.ticket_number, other.ticket_number) == (1, 2)


def test_an_approved_call_runs_once_and_is_collected_once(mailing: Mailing) -> None:
    held = mailing.held()
    approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))
    assert [take_action(held.action_id, actor=SYSTEM) for _ in range(3)] == [True, False, False]
    assert finish_action(held.action_id, b'{"content":[]}', actor=SYSTEM)
    assert [collect_result(held.action_id, actor=SYSTEM) for _ in range(2)] == [b'{"content":[]}', None]
    assert mailing.action(held).state == "collected"
    assert not mailing.action(held).ticket.is_open


def test_after_collecting_the_same_call_asks_anew(mailing: Mailing) -> None:
    held = mailing.held()
    approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))
    take_action(held.action_id, actor=SYSTEM)
    finish_action(held.action_id, b"{}", actor=SYSTEM)
    collect_result(held.action_id, actor=SYSTEM)
    assert mailing.held().ticket_number == 2


def test_the_requester_may_not_approve_even_as_an_owner(mailing: Mailing) -> None:
    held = hold(mailing.call(user=mailing.cast.alice))
    with pytest.raises(NotYours, match="yourself"):
        approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.alice))
    assert held_of(held.action_id).state == "waiting"


@pytest.mark.parametrize("who", ["dana", "charlie"])
def test_members_and_outsiders_may_not_decide(mailing: Mailing, who: str) -> None:
    held = hold(mailing.call(user=mailing.cast.alice))
    with pytest.raises(NotYours):
        approve_action(mailing.action(held), actor=mailing.cast.actor(getattr(mailing.cast, who)))


def test_a_rejection_needs_a_reason_which_the_client_hears_once(mailing: Mailing) -> None:
    held, bob = mailing.held(), mailing.cast.actor(mailing.cast.bob)
    with pytest.raises(ApprovalError, match="Say why"):
        reject_action(mailing.action(held), reason="  ", actor=bob)
    reject_action(mailing.action(held), reason="Not to competitors.", actor=bob)
    told = mailing.held()
    assert (told.state, told.reason, told.action_id) == ("rejected", "Not to competitors.", held.action_id)
    assert mailing.held().state == "waiting"


def test_what_is_decided_leaves_every_inbox(mailing: Mailing) -> None:
    held, other = mailing.held(), mailing.held(b'{"to":"eve@example.test"}')
    approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))
    unread = Notice.objects.filter(read_at=None).values_list("path", flat=True)
    assert set(unread) == {other.ticket_path}


def test_a_decision_is_final(mailing: Mailing) -> None:
    held, bob = mailing.held(), mailing.cast.actor(mailing.cast.bob)
    approve_action(mailing.action(held), actor=bob)
    with pytest.raises(TooLate):
        reject_action(mailing.action(held), reason="Too late", actor=bob)
    assert held_of(held.action_id).state == "approved"


def test_an_undecided_call_expires_and_cannot_be_approved_any_more(mailing: Mailing) -> None:
    held, bob = mailing.held(), mailing.cast.actor(mailing.cast.bob)
    PendingAction.objects.update(expires_at="2020-01-01T00:00Z")
    with pytest.raises(TooLate):
        approve_action(mailing.action(held), actor=bob)
    assert expire_actions(actor=SYSTEM) == 1
    assert held_of(held.action_id).state == "expired"
    assert Event.objects.filter(code="action.expired").count() == 1
    assert expire_actions(actor=SYSTEM) == 0


def test_a_call_whose_executor_died_ends_as_unknown(mailing: Mailing) -> None:
    held = mailing.held()
    approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))
    take_action(held.action_id, actor=SYSTEM)
    PendingAction.objects.update(started_at="2020-01-01T00:00Z")
    expire_actions(actor=SYSTEM)
    assert held_of(held.action_id).state == "unknown"
    assert not finish_action(held.action_id, b"{}", actor=SYSTEM)
