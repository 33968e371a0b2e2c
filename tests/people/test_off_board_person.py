"""Dana leaves: what she waits for ends, what she looks after goes to Bob, and what nobody has is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from approvals.actions.approve_action import approve_action
from approvals.actions.request_access import request_access
from approvals.errors import NotYours
from approvals.models import AccessRequest, PendingAction
from audit.models import Event
from connectors.models import Connector, ConnectorGroupPermission
from harriet.gateway.steps.ticket import refusal_of
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.change_role import change_role
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.delete_group import delete_group
from harriet.people.actions.remove_person import remove_person
from harriet.people.models import AccessToken, Device, Group, Membership, Notice
from tests.stage.cast import Cast
from tests.stage.credentials import save_token
from tests.stage.held_calls import Mailing, hold, make_mailing
from tests.stage.profiles import profile
from tests.stage.tokens import device_token
from vault.models import Credential

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailing(cast: Cast) -> Mailing:
    return make_mailing(cast)


def membership(user: Any) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=user)


@pytest.mark.parametrize("end", [deactivate_person, remove_person])
def test_her_waiting_calls_end_with_a_true_reason(mailing: Mailing, end: Any) -> None:
    cast = mailing.cast
    held, approved = mailing.held(), mailing.held(b'{"n":1}')
    approve_action(mailing.action(approved), actor=cast.actor(cast.bob))
    asked = request_access(membership(cast.dana), None, "Something for slides", actor=cast.actor(cast.dana))
    end(membership(cast.dana), actor=cast.actor(cast.alice))
    ended, invalid = mailing.action(held), mailing.action(approved)
    assert (ended.state, invalid.state) == ("ended", "invalid")
    assert ended.outcome_reason == "The access of dana@acme.test ended. The call has not run."
    assert not ended.ticket.is_open and not invalid.ticket.is_open
    assert AccessRequest.objects.get(pk=asked.pk).state == "declined"
    assert not Notice.objects.filter(user=cast.bob, read_at=None, kind="calls").exists()
    assert "for dana@acme.test on ticket #1 was ended" in Event.objects.get(code="action.ended").sentence
    told = mailing.held()
    assert refusal_of(told).startswith("This call was not run (ticket #1): The access of dana@acme.test ended.")


@pytest.mark.parametrize("end", [deactivate_person, remove_person])
def test_a_call_that_comes_at_that_very_moment_does_not_wait_for_ever(mailing: Mailing, end: Any) -> None:
    """A process of the gateway has not heard of it yet."""
    end(membership(mailing.cast.dana), actor=mailing.cast.actor(mailing.cast.alice))
    with pytest.raises(NotYours, match="Your access to this organization ended"):
        mailing.held()
    assert not PendingAction.objects.exists()


def test_nothing_comes_back_with_her(mailing: Mailing) -> None:
    cast, held = mailing.cast, mailing.held()
    device_token(cast.acme, cast.dana)
    deactivate_person(membership(cast.dana), actor=cast.actor(cast.alice))
    activate_person(membership(cast.dana), actor=cast.actor(cast.alice))
    assert not AccessToken.objects.filter(user=cast.dana, revoked_at=None).exists()
    assert not Device.objects.filter(user=cast.dana, revoked_at=None).exists()
    assert mailing.action(held).state == "ended"


@pytest.fixture
def owner(mailing: Mailing) -> Mailing:
    """Dana looks after the CRM and its secret, has a profile alone, and decides for the CRM in a group of her own."""
    cast, crm = mailing.cast, mailing.tool.connector
    save_token(cast, crm.pk)
    Connector.objects.filter(pk=crm.pk).update(owner=cast.dana)
    Credential.objects.update(owner=cast.dana)
    profile(cast.acme, crm, groups=[], slug="hers").people.add(membership(cast.dana))
    deciding = Group.objects.create(organization=cast.acme, slug="deciding", name="Deciding")
    deciding.memberships.add(membership(cast.dana))
    may = Permission.objects.get(codename="approve_connector")
    ConnectorGroupPermission.objects.create(group=deciding, content_object=crm, permission=may)
    return mailing


def test_alice_goes_through_the_checklist(client: Client, owner: Mailing, django_assert_max_num_queries: Any) -> None:
    cast = owner.cast
    device_token(cast.acme, cast.dana)
    owner.held()
    client.force_login(cast.alice)
    address = reverse("console:off_board", args=[membership(cast.dana).pk])
    with django_assert_max_num_queries(16):
        page = client.get(address).content.decode()
    for words in ("1 device", "1 token", "#1", "CRM", "Deciding", "Profiles that nobody else has"):
        assert words in page
    sent = {"to": str(membership(cast.bob).pk), "what": ["connectors", "credentials", "profiles", "groups"]}
    after = client.post(address, sent, follow=True).content.decode()
    assert "4 things were handed over to Bob" in after and "Nothing to hand over" in after
    assert Connector.objects.get().owner == Credential.objects.get().owner == cast.bob
    assert membership(cast.bob).profiles.filter(slug="hers").exists()
    assert membership(cast.bob).groups.filter(slug="deciding").exists()
    assert "handed CRM over to bob@acme.test" in Event.objects.get(code="connector.owner_changed").sentence
    assert "handed over to you: CRM" in Notice.objects.get(user=cast.bob, kind="handed_over").text


def test_what_nobody_looks_after_is_told_and_stands_on_the_overview(client: Client, owner: Mailing) -> None:
    cast = owner.cast
    deactivate_person(membership(cast.dana), actor=cast.actor(cast.alice))
    line = Notice.objects.get(user=cast.alice, kind="handed_over")
    assert "Nobody active looks after CRM" in line.text
    client.force_login(cast.alice)
    assert "2 things are looked after by nobody" in client.get(reverse("console:overview")).content.decode()
    assert "CRM" in client.get(line.path).content.decode()
    remove_person(membership(cast.dana), actor=cast.actor(cast.alice))
    sent = {"to": str(membership(cast.bob).pk), "what": ["connectors", "credentials"]}
    assert "2 things were handed over" in client.post(line.path, sent, follow=True).content.decode()
    assert "looked after by nobody" not in client.get(reverse("console:overview")).content.decode()


def test_a_member_may_not(client: Client, owner: Mailing) -> None:
    client.force_login(owner.cast.bob)
    assert client.get(reverse("console:off_board", args=[membership(owner.cast.dana).pk])).status_code == 403
    assert client.get(reverse("console:hand_over")).status_code == 403


def test_calls_that_nobody_can_decide_on_any_more_are_told(client: Client, mailing: Mailing) -> None:
    """Alice asked: only Bob can decide on it, until his role is lowered."""
    cast = mailing.cast
    hold(mailing.call(user=cast.alice))
    client.force_login(cast.alice)
    page = client.get(reverse("console:off_board", args=[membership(cast.bob).pk])).content.decode()
    assert "Calls that nobody else can decide on" in page
    change_role(membership(cast.bob), "member", actor=cast.actor(cast.alice))
    line = Notice.objects.get(user=cast.alice, kind="handed_over")
    assert "Nobody can decide on the call #1" in line.text
    change_role(membership(cast.bob), "approver", actor=cast.actor(cast.alice))
    line.refresh_from_db()
    assert line.settled_at


def test_a_group_that_goes_with_its_decisions_is_told(owner: Mailing) -> None:
    cast = owner.cast
    change_role(membership(cast.bob), "member", actor=cast.actor(cast.alice))
    hold(owner.call(user=cast.alice))
    assert not Notice.objects.filter(kind="handed_over", settled_at=None).exists(), "Dana's group decides"
    delete_group(Group.objects.get(slug="deciding"), actor=cast.actor(cast.alice))
    assert "The group Deciding was deleted." in Notice.objects.get(kind="handed_over", user=cast.alice).text
