"""Nobody decides on a call that they could have made themselves: by whatever way they came to the credential."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from approvals.actions.approve_action import approve_action
from approvals.actions.claim_ticket import claim_ticket
from approvals.actions.edit_action import edit_action
from approvals.actions.reject_action import reject_action
from approvals.deciders import approvers_of, refusal
from approvals.errors import NotYours
from approvals.models import PendingAction
from approvals.queries import held_of, waiting_for
from audit.actor import SYSTEM, Actor
from connectors.actions.set_approvers import set_approvers
from connectors.actions.set_deciders import set_deciders
from connectors.models import Connector, Profile
from harriet.people.actions.accept_invitation import accept_invitation
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.change_role import change_role
from harriet.people.actions.create_agent import create_agent
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.issue_agent_credential import issue_agent_credential
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.prove_address import prove_address
from harriet.people.actions.register_device import register_device
from harriet.people.actions.set_person_groups import set_person_groups
from harriet.people.actors import actor_of_token
from harriet.people.models import AccessToken, Group, Membership, User
from tests.stage.held_calls import Mailing, hold

PASSWORD = "sunlight on the harbour wall"


def held_with(mailing: Mailing, token: AccessToken, number: int = 1) -> PendingAction:
    """A call that was made with the token."""
    call = mailing.call(f'{{"n":{number}}}'.encode(), user=token.user or mailing.cast.dana)
    return mailing.action(hold(replace(call, token_id=token.pk, user_id=token.user_id)))


def refused(mailing: Mailing, action: PendingAction, user: User, why: str) -> None:
    """Approving and rejecting, the page, the lists and the notices all say the same."""
    actor = mailing.cast.actor(user)
    for decide in (approve_action, reject_action, changed):
        with pytest.raises(NotYours, match=why):
            decide(action, reason="Fine.", actor=actor)
    with pytest.raises(NotYours):
        claim_ticket(action.ticket, actor=actor)
    assert held_of(action.pk).state == "waiting"
    membership = Membership.objects.select_related("user", "organization").get(user=user)
    assert membership not in approvers_of(action)
    client = Client()
    client.force_login(user)
    page = client.get(reverse("tickets:detail", args=[action.ticket.number])).content.decode()
    assert "Approve and run" not in page and refusal(action, membership).split("’")[0][:40] in page


def changed(action: PendingAction, reason: str, actor: Actor) -> None:
    edit_action(action, b'{"changed":true}', reason=reason, actor=actor)


def joined(mailing: Mailing, email: str, role: str, by: User, **ways: Any) -> User:
    """Somebody whose invitation was made by this person, who saw the link unless it was mailed."""
    invitation, _ = invite_person(mailing.cast.acme, email, role, actor=mailing.cast.actor(by), **ways)
    return accept_invitation(invitation, name=email.partition("@")[0].title(), password=PASSWORD).user


@pytest.fixture
def eve(mailing: Mailing) -> User:
    """An IT admin beside Alice, so that nothing here is an owner's privilege."""
    user = User.objects.create_user("eve@acme.test", PASSWORD, name="Eve")
    Membership.objects.create(organization=mailing.cast.acme, user=user, role="mcp_admin")
    return user


def test_who_made_a_shared_key_decides_on_none_of_its_calls(mailing: Mailing, eve: User) -> None:
    key, _ = issue_integration_key(
        mailing.cast.acme, "Nightly", [mailing.cast.sales], 30, actor=mailing.cast.actor(eve)
    )
    action = held_with(mailing, key)
    refused(mailing, action, eve, "You issued the credential")
    approve_action(action, actor=mailing.cast.actor(mailing.cast.bob))


def test_nor_when_it_was_made_with_a_personal_api_token(mailing: Mailing, eve: User) -> None:
    token, _ = issue_personal_token(mailing.cast.acme, eve, "Script", 30, actor=mailing.cast.actor(eve))
    key, _ = issue_integration_key(mailing.cast.acme, "Nightly", [mailing.cast.sales], 30, actor=actor_of_token(token))
    refused(mailing, held_with(mailing, key), eve, "You issued the credential")


def test_nor_as_an_approver_after_being_an_admin(mailing: Mailing, eve: User) -> None:
    key, _ = issue_integration_key(
        mailing.cast.acme, "Nightly", [mailing.cast.sales], 30, actor=mailing.cast.actor(eve)
    )
    action = held_with(mailing, key)
    change_role(Membership.objects.get(user=eve), "approver", actor=mailing.cast.actor(mailing.cast.alice))
    refused(mailing, action, eve, "You issued the credential")


def test_who_issues_a_credential_on_the_machine_can_say_so(mailing: Mailing, eve: User, capsys: Any) -> None:
    Profile.objects.create(organization=mailing.cast.acme, slug="work", name="Work")
    asked = ["--organization", "acme", "--person", "dana@acme.test", "--profile", "work"]
    call_command("issue_token", *asked, "--issued-by", "eve@acme.test", "--device", "One")
    call_command("issue_token", *asked, "--device", "Two")
    assert capsys.readouterr().out.count("hrt_dev_") == 2
    by_eve, by_nobody = AccessToken.objects.order_by("created_at")
    refused(mailing, held_with(mailing, by_eve), eve, "You issued the credential")
    action = held_with(mailing, by_nobody, 2)
    client = Client()
    client.force_login(mailing.cast.bob)
    page = client.get(reverse("tickets:detail", args=[action.ticket.number])).content.decode()
    assert "Whoever operates this installation" in page and "Approve and run" in page


def test_who_handed_over_the_link_to_the_callers_account(mailing: Mailing, eve: User) -> None:
    puppet = joined(mailing, "puppet@acme.test", "member", eve)
    action = mailing.action(hold(mailing.call(user=puppet)))
    refused(mailing, action, eve, "You handed over the link")
    prove_address(puppet)
    approve_action(action, actor=mailing.cast.actor(eve))


def test_a_link_that_only_the_mail_knew_is_no_hindrance(mailing: Mailing, eve: User) -> None:
    finn = joined(mailing, "finn@acme.test", "member", eve, is_handed_over=False)
    assert finn.is_proven
    approve_action(mailing.action(hold(mailing.call(user=finn))), actor=mailing.cast.actor(eve))


def test_an_approvers_account_that_the_caller_handed_over(mailing: Mailing, eve: User) -> None:
    puppet = joined(mailing, "puppet@acme.test", "approver", eve)
    own = mailing.action(hold(mailing.call(user=eve)))
    refused(mailing, own, puppet, "handed over the link to your account")
    key, _ = issue_integration_key(
        mailing.cast.acme, "Nightly", [mailing.cast.sales], 30, actor=mailing.cast.actor(eve)
    )
    refused(mailing, held_with(mailing, key), puppet, "handed over the link to your account")
    prove_address(puppet)
    approve_action(own, actor=mailing.cast.actor(puppet))


def test_two_accounts_of_one_admin_do_not_decide_on_each_other(mailing: Mailing, eve: User) -> None:
    caller = joined(mailing, "caller@acme.test", "member", eve)
    decider = joined(mailing, "decider@acme.test", "approver", eve)
    refused(mailing, mailing.action(hold(mailing.call(user=caller))), decider, "handed over the link to your account")


def test_links_handed_on_from_account_to_account_are_one_side(mailing: Mailing, eve: User) -> None:
    """Eve opens the link to an IT admin's account, and as that admin the link to an approver's."""
    puppet = joined(mailing, "puppet@acme.test", "mcp_admin", eve)
    decider = joined(mailing, "decider@acme.test", "approver", puppet)
    caller = joined(mailing, "caller@acme.test", "member", puppet)
    own = mailing.action(hold(mailing.call(user=eve)))
    refused(mailing, own, decider, "handed over the link to your account")
    refused(mailing, mailing.action(hold(mailing.call(b'{"n":2}', user=caller))), eve, "You handed over the link")
    refused(mailing, mailing.action(hold(mailing.call(b'{"n":3}', user=caller))), decider, "handed over the link")
    prove_address(puppet)
    decider = User.objects.get(pk=decider.pk)
    approve_action(own, actor=mailing.cast.actor(decider))


def test_whom_an_account_of_the_caller_makes_an_approver_afterwards(mailing: Mailing, eve: User) -> None:
    puppet = joined(mailing, "puppet@acme.test", "mcp_admin", eve)
    action = mailing.action(hold(mailing.call(user=eve)))
    dana = Membership.objects.get(user=mailing.cast.dana)
    change_role(dana, "approver", actor=mailing.cast.actor(puppet))
    refused(mailing, action, mailing.cast.dana, "let you decide only after this call was made")


def test_two_people_whom_the_owner_let_in_by_hand_do(mailing: Mailing) -> None:
    """A small company without mail: Alice hands over both links. She herself decides on neither's calls."""
    caller = joined(mailing, "caller@acme.test", "member", mailing.cast.alice)
    decider = joined(mailing, "decider@acme.test", "approver", mailing.cast.alice)
    action = mailing.action(hold(mailing.call(user=caller)))
    refused(mailing, action, mailing.cast.alice, "You handed over the link")
    approve_action(action, actor=mailing.cast.actor(decider))


def test_whom_the_caller_makes_an_approver_afterwards(mailing: Mailing, eve: User) -> None:
    action = mailing.action(hold(mailing.call(user=eve)))
    gina = User.objects.create_user("gina@acme.test", PASSWORD)
    membership = Membership.objects.create(organization=mailing.cast.acme, user=gina, role="member")
    later(action)
    change_role(membership, "approver", actor=mailing.cast.actor(eve))
    refused(mailing, action, gina, "let you decide only after")
    asked_again = mailing.action(hold(mailing.call(b'{"n":2}', user=eve)))
    approve_action(asked_again, actor=mailing.cast.actor(gina))


def later(action: PendingAction) -> None:
    """In one test all is one transaction, whose time stands still."""
    PendingAction.objects.filter(pk=action.pk).update(created_at="2020-01-01T00:00Z")
    action.refresh_from_db()


def test_whom_somebody_else_makes_an_approver_afterwards_decides(mailing: Mailing, eve: User) -> None:
    action = mailing.action(hold(mailing.call(user=eve)))
    later(action)
    change_role(
        Membership.objects.get(user=mailing.cast.dana), "approver", actor=mailing.cast.actor(mailing.cast.alice)
    )
    approve_action(action, actor=mailing.cast.actor(mailing.cast.dana))


@pytest.mark.parametrize("way", ["group", "connector", "reactivation"])
def test_the_deciding_group_is_not_changed_for_the_call(mailing: Mailing, eve: User, way: str) -> None:
    cast, actor = mailing.cast, mailing.cast.actor(eve)
    gina = Membership.objects.create(
        organization=cast.acme, user=User.objects.create_user("gina@acme.test", PASSWORD), role="member"
    )
    leads = Group.objects.create(organization=cast.acme, slug="leads", name="Leads")
    if way != "connector":
        set_approvers(mailing.tool.connector, [leads], actor=SYSTEM)
    if way != "group":
        set_person_groups(gina, [leads], actor=SYSTEM)
    if way == "reactivation":
        deactivate_person(gina, actor=SYSTEM)
    action = mailing.action(hold(mailing.call(user=eve)))
    later(action)
    if way == "group":
        set_person_groups(gina, [leads], actor=actor)
    elif way == "connector":
        set_approvers(mailing.tool.connector, [leads], actor=actor)
    else:
        activate_person(gina, actor=actor)
    refused(mailing, action, gina.user, "let you decide only after")


def test_who_gives_themselves_the_right_afterwards(mailing: Mailing, eve: User) -> None:
    """Eve manages connectors by a group, and decides by no role: she adds herself to the deciding group."""
    leads = Group.objects.create(organization=mailing.cast.acme, slug="leads", name="Leads")
    set_approvers(mailing.tool.connector, [leads], actor=SYSTEM)
    action = mailing.action(mailing.held())
    later(action)
    membership = Membership.objects.get(user=eve)
    set_person_groups(membership, [leads], actor=mailing.cast.actor(eve))
    change_role(membership, "member", actor=SYSTEM)
    refused(mailing, action, eve, "let you decide only after")


def test_a_token_decides_on_nothing(mailing: Mailing) -> None:
    action = mailing.action(mailing.held())
    for kind, pk in (("token", mailing.cast.bob.pk), ("person", None), ("system", None)):
        with pytest.raises(NotYours):
            approve_action(action, actor=Actor(kind, pk, "somebody"))  # type: ignore[arg-type]


def test_the_list_of_what_waits_for_one_agrees_with_who_may_decide(mailing: Mailing, eve: User) -> None:
    cast = mailing.cast
    puppet = joined(mailing, "puppet@acme.test", "member", eve)
    second = joined(mailing, "second@acme.test", "approver", eve)
    third = joined(mailing, "third@acme.test", "mcp_admin", eve)
    fourth = joined(mailing, "fourth@acme.test", "approver", third)
    key, _ = issue_integration_key(cast.acme, "Nightly", [cast.sales], 30, actor=cast.actor(eve))
    laptop = register_device(cast.acme, cast.dana, "Laptop", actor=cast.actor(cast.dana))
    hers, _ = issue_device_credential(laptop, name="x", expires_in_days=9, actor=cast.actor(cast.dana))
    actions = [held_with(mailing, token, number) for number, token in enumerate((key, hers))]
    actions += [
        mailing.action(hold(mailing.call(b"{}", user=user)))
        for user in (puppet, eve, third, fourth, cast.bob, cast.alice)
    ]
    for user in (eve, second, third, fourth, cast.bob, cast.alice, cast.dana, puppet):
        membership = Membership.objects.select_related("user", "organization").get(user=user)
        listed = {ticket.action.pk for ticket in waiting_for(membership)}
        assert listed == {action.pk for action in actions if not refusal(action, membership)}, user


def test_when_nobody_can_decide_the_ticket_says_so(mailing: Mailing) -> None:
    Membership.objects.filter(user=mailing.cast.bob).update(role="member")
    action = mailing.action(hold(mailing.call(user=mailing.cast.alice)))
    client = Client()
    client.force_login(mailing.cast.alice)
    page = client.get(reverse("tickets:detail", args=[action.ticket.number])).content.decode()
    assert "Nobody in this organization can decide on this call" in page


def by_client(mailing: Mailing, eve: User, number: int) -> tuple[PendingAction, User | Actor]:
    return mailing.action(hold(mailing.call(b'{"n":%d}' % number, user=eve))), eve


def by_device(mailing: Mailing, eve: User, number: int) -> tuple[PendingAction, User | Actor]:
    laptop = register_device(mailing.cast.acme, eve, f"Laptop {number}", actor=mailing.cast.actor(eve))
    hers, _ = issue_device_credential(laptop, name="x", expires_in_days=9, actor=mailing.cast.actor(eve))
    return held_with(mailing, hers, number), eve


def by_shared_key(mailing: Mailing, eve: User, number: int) -> tuple[PendingAction, User | Actor]:
    actor = mailing.cast.actor(eve)
    key, _ = issue_integration_key(mailing.cast.acme, f"Nightly {number}", [mailing.cast.sales], 30, actor=actor)
    return held_with(mailing, key, number), eve


def by_agent(mailing: Mailing, eve: User, number: int) -> tuple[PendingAction, User | Actor]:
    cast, actor = mailing.cast, mailing.cast.actor(eve)
    agent = create_agent(cast.acme, f"Agent {number}", "Mails.", eve, [cast.sales], actor=cast.actor(cast.alice))
    token, _ = issue_agent_credential(agent, "x", 9, actor=cast.actor(cast.alice))
    call = replace(mailing.call(b'{"n":%d}' % number), token_id=token.pk, user_id=None)
    return mailing.action(hold(call)), Actor("person", actor.id, actor.label)


def by_token(mailing: Mailing, eve: User, number: int) -> tuple[PendingAction, User | Actor]:
    """What decides is a token: hers, on a call of somebody else."""
    token, _ = issue_personal_token(mailing.cast.acme, eve, f"Script {number}", 30, actor=mailing.cast.actor(eve))
    return mailing.action(mailing.held(b'{"n":%d}' % number)), actor_of_token(token)


def by_second_account(mailing: Mailing, eve: User, number: int) -> tuple[PendingAction, User | Actor]:
    second = joined(mailing, f"second{number}@acme.test", "approver", eve)
    return mailing.action(hold(mailing.call(b'{"n":%d}' % number, user=eve))), second


@pytest.mark.parametrize("deciders", Connector.Deciders.values)
@pytest.mark.parametrize("route", [by_client, by_device, by_shared_key, by_agent, by_token, by_second_account])
def test_by_no_route_does_anybody_approve_their_own_call(
    mailing: Mailing, eve: User, deciders: str, route: Any
) -> None:
    """Whoever decides on the connector's calls: the call is dangerous."""
    set_deciders(mailing.tool.connector, deciders, actor=SYSTEM)
    action, who = route(mailing, eve, 1)
    actor = mailing.cast.actor(who) if isinstance(who, User) else who
    for decide in (approve_action, reject_action, changed):
        with pytest.raises(NotYours):
            decide(action, reason="Fine.", actor=actor)
    assert held_of(action.pk).state == "waiting"
