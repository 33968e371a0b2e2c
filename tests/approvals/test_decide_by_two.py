"""Per connector an approver decides, whoever asked, or two people: each by its rules, and exactly one end holds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from approvals.actions.approve_action import approve_action
from approvals.actions.expire_actions import expire_actions
from approvals.actions.reject_action import reject_action
from approvals.actions.withdraw_action import withdraw_action
from approvals.deciders import approvers_of, refusal, ways_of, why_nobody
from approvals.errors import ApprovalError, NotYours, TooLate
from approvals.models import Decision, PendingAction
from approvals.queries import held_of, waiting_for
from approvals.undecidable import undecidable_calls
from audit.actor import SYSTEM
from audit.models import Event
from connectors.actions.set_deciders import set_deciders
from connectors.models import Connector
from harriet.people.actions.change_role import change_role
from harriet.people.models import Membership, Notice, User
from harriet.people.roles import Role
from tests.approvals.test_refuse_makers import joined, later
from tests.stage.cast import Cast, person
from tests.stage.held_calls import Mailing, hold, make_mailing


def decided_by(mailing: Mailing, deciders: str, risk: str = "moderate") -> Mailing:
    mailing.tool.risk_override = risk
    mailing.tool.save()
    set_deciders(mailing.tool.connector, deciders, actor=mailing.cast.actor(mailing.cast.alice))
    return mailing


@pytest.fixture
def two(mailing: Mailing) -> Mailing:
    """Two people decide: Alice, Bob, and Eve, whom nobody here vouched for."""
    person(mailing.cast.acme, "Eve", Role.APPROVER)
    return decided_by(mailing, "two_people")


def member(user: User) -> Membership:
    return Membership.objects.select_related("user", "organization").get(user=user)


def test_the_second_of_two_releases_a_call_and_sees_who_was_the_first(two: Mailing, client: Client) -> None:
    cast, held = two.cast, two.held()
    action = two.action(held)
    assert approve_action(action, reason="Known customer.", actor=cast.actor(cast.bob)) is False
    assert held_of(held.action_id).state == "waiting"
    bob, alice = (ways_of(two.action(held), member(user)) for user in (cast.bob, cast.alice))
    assert "already" in bob.approve and bob.reject == "" and alice.approve == ""
    assert (alice.needed, alice.approved_by) == (2, ("Bob",))
    assert [ticket.number for ticket in waiting_for(member(cast.alice))] == [1] and not waiting_for(member(cast.bob))
    with pytest.raises(NotYours, match="already"):
        approve_action(action, actor=cast.actor(cast.bob))
    client.force_login(cast.alice)
    assert "Approved by" in client.get(reverse("tickets:detail", args=[1])).content.decode()
    assert approve_action(two.action(held), actor=cast.actor(cast.alice)) is True
    assert held_of(held.action_id).state == "approved"
    codes = list(
        Event.objects.filter(code__startswith="action.").order_by("recorded_at", "pk").values_list("code", flat=True)
    )
    assert codes == ["action.approved_first", "action.approved"]


def test_after_the_first_of_two_a_call_still_ends_in_every_other_way(two: Mailing) -> None:
    cast = two.cast
    ends: dict[str, Callable[[PendingAction], Any]] = {
        "rejected": lambda one: reject_action(one, reason="No.", actor=cast.actor(cast.alice)),
        "withdrawn": lambda one: withdraw_action(one, actor=cast.actor(cast.dana)),
        "expired": lambda one: expire_actions(actor=SYSTEM),
    }
    for number, (state, end) in enumerate(ends.items()):
        held = two.held(b'{"n":%d}' % number)
        approve_action(two.action(held), actor=cast.actor(cast.bob))
        if state == "expired":
            PendingAction.objects.filter(pk=held.action_id).update(expires_at="2020-01-01T00:00Z")
        end(two.action(held))
        assert held_of(held.action_id).state == state
        with pytest.raises(TooLate):
            approve_action(two.action(held), actor=cast.actor(cast.alice))
    mine = two.held(b'{"n":9}')
    approve_action(two.action(mine), actor=cast.actor(cast.bob))
    reject_action(two.action(mine), reason="I saw it too late.", actor=cast.actor(cast.bob))
    assert held_of(mine.action_id).state == "rejected"


def test_two_accounts_that_may_be_one_person_are_not_two(two: Mailing) -> None:
    """Eve's own second account, two that she handed links to, and whom the first made an approver."""
    cast = two.cast
    eve = User.objects.get(email="eve@acme.test")
    change_role(member(eve), "mcp_admin", actor=SYSTEM)
    puppets = [joined(two, f"puppet{n}@acme.test", "approver", eve) for n in (1, 2)]
    gina = person(cast.acme, "Gina", Role.MEMBER)
    pairs = [(eve, puppets[0]), (puppets[0], eve), (puppets[0], puppets[1])]
    for number, (first, second) in enumerate(pairs):
        action = two.action(two.held(b'{"n":%d}' % number))
        approve_action(action, actor=cast.actor(first))
        with pytest.raises(NotYours, match="one person"):
            approve_action(action, actor=cast.actor(second))
        assert member(second) not in approvers_of(action) and action.pk not in {
            ticket.action.pk for ticket in waiting_for(member(first))
        }
    action = two.action(two.held(b'{"n":9}'))
    later(action)
    change_role(member(gina), "approver", actor=cast.actor(eve))
    approve_action(action, actor=cast.actor(eve))
    with pytest.raises(NotYours, match="only after this call was made"):
        approve_action(action, actor=cast.actor(gina))
    assert approve_action(action, actor=cast.actor(cast.bob))


def test_with_one_approver_two_people_decide_on_nothing_and_everybody_is_told(two: Mailing, client: Client) -> None:
    cast = two.cast
    Membership.objects.filter(user__email__in=["eve@acme.test", "bob@acme.test"]).update(role="member")
    action = two.action(two.held())
    assert "Two people have to approve" in why_nobody(action)
    assert [one.pk for one in undecidable_calls(cast.acme.pk)] == [action.pk]
    client.force_login(cast.dana)
    assert "has not two who may" in client.get(reverse("tickets:detail", args=[1])).content.decode()
    client.force_login(cast.alice)
    tab = client.get(reverse("connectors:access", args=[two.tool.connector_id])).content.decode()
    assert "It takes two people, and only" in tab
    Membership.objects.filter(user=cast.bob).update(role="approver")
    assert not undecidable_calls(cast.acme.pk) and not why_nobody(action)
    assert undecidable_calls(cast.acme.pk, without=cast.bob.pk)
    tab = client.get(reverse("connectors:access", args=[two.tool.connector_id])).content.decode()
    assert "a call that one of them asks for can&#x27;t be approved" in tab


def test_whoever_asked_decides_in_the_browser_but_not_on_a_dangerous_call(mailing: Mailing, client: Client) -> None:
    cast = mailing.cast
    decided_by(mailing, "requester")
    held = mailing.held()
    assert Notice.objects.filter(user=cast.dana, kind="calls").exists()
    assert [ticket.number for ticket in waiting_for(member(cast.dana))] == [1]
    assert not waiting_for(member(cast.charlie))
    client.force_login(cast.dana)
    assert "Approve and run" in client.get(reverse("tickets:detail", args=[1])).content.decode()
    client.post(reverse("tickets:approve", args=[1]), {"edition": 0})
    assert held_of(held.action_id).state == "approved"
    for number, risk in enumerate(("dangerous", "unknown")):
        decided_by(mailing, "requester", risk)
        action = mailing.action(hold(mailing.call(b'{"n":%d}' % number)))
        with pytest.raises(NotYours, match=f"whose risk is {risk}"):
            approve_action(action, actor=cast.actor(cast.dana))
        assert member(cast.dana) not in approvers_of(action) and not waiting_for(member(cast.dana))
    became = mailing.action(hold(mailing.call(b'{"n":7}')))
    decided_by(mailing, "requester", "moderate")
    PendingAction.objects.filter(pk=became.pk).update(risk="moderate")
    assert not refusal(mailing.action(held_of(became.pk)), member(cast.dana))
    decided_by(mailing, "requester", "dangerous")
    assert "dangerous" in refusal(mailing.action(held_of(became.pk)), member(cast.dana))


def test_somebody_elses_call_is_still_for_approvers(mailing: Mailing) -> None:
    cast = mailing.cast
    decided_by(mailing, "requester")
    erin = person(cast.acme, "Erin", Role.MEMBER, groups=[cast.sales])
    action = mailing.action(mailing.held())
    with pytest.raises(NotYours, match="not an approver"):
        approve_action(action, actor=cast.actor(erin))
    assert approve_action(action, actor=cast.actor(cast.bob))


def test_who_decides_is_saved_recorded_and_bound(mailing: Mailing, client: Client) -> None:
    cast, crm = mailing.cast, mailing.tool.connector
    client.force_login(cast.alice)
    client.post(reverse("connectors:approvers", args=[crm.pk]), {"deciders": "two_people"})
    saved = Connector.objects.get(pk=crm.pk)
    assert (saved.deciders, saved.revision) == ("two_people", crm.revision + 1)
    event = Event.objects.get(code="connector.deciders_changed")
    assert "on held calls to CRM two approvers decide" in event.sentence
    client.post(reverse("connectors:approvers", args=[crm.pk]), {"deciders": "nobody"})
    client.force_login(cast.dana)
    client.post(reverse("connectors:approvers", args=[crm.pk]), {"deciders": "requester"})
    assert Connector.objects.get(pk=crm.pk).deciders == "two_people"


def test_a_first_approval_counts_where_one_is_enough_since(two: Mailing) -> None:
    action = two.action(two.held())
    approve_action(action, actor=two.cast.actor(two.cast.bob))
    set_deciders(two.tool.connector, "approvers", actor=SYSTEM)
    assert approve_action(two.action(held_of(action.pk)), actor=two.cast.actor(two.cast.bob))
    assert Decision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_decisions_at_the_same_moment_exactly_one_end_holds(committed_cast: Cast) -> None:
    """Two second approvers, a rejection, a withdrawal and the schedule, all at once."""
    mailing = decided_by(make_mailing(committed_cast), "two_people")
    cast, eve = committed_cast, person(committed_cast.acme, "Eve", Role.APPROVER)
    ends: list[Callable[[PendingAction], Any]] = [
        lambda one: approve_action(one, actor=cast.actor(cast.alice)),
        lambda one: approve_action(one, actor=cast.actor(eve)),
        lambda one: approve_action(one, actor=cast.actor(cast.bob)),
        lambda one: reject_action(one, reason="No.", actor=cast.actor(cast.alice)),
        lambda one: withdraw_action(one, actor=cast.actor(cast.dana)),
    ]

    def tried(end: Callable[[PendingAction], Any], action: PendingAction) -> bool:
        try:
            return end(action) is not False
        except ApprovalError:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(ends)) as threads:
        for number in range(12):
            action = mailing.action(mailing.held(b'{"n":%d}' % number))
            done = list(threads.map(lambda end, action=action: tried(end, action), ends))
            state = held_of(action.pk).state
            assert sum(done) == (state != "waiting"), (state, done)
            approved = Decision.objects.filter(action=action, verdict="approve").count()
            assert approved == 2 if state == "approved" else approved <= 2
            written = Event.objects.filter(code="action.approved", request_id=action.request_id).count()
            assert written == (state == "approved")
