"""Where each person lands: on what they are here for, after every way in; and before there is an owner, a way on."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from audit.actor import SYSTEM
from connectors.models import ConnectorGroupPermission
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.make_setup_link import make_setup_link
from harriet.people.models import Group, Membership
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.held_calls import hold, make_mailing

HOMES = {
    Role.OWNER: "/settings/",
    Role.MCP_ADMIN: "/settings/",
    Role.REVIEWER: "/settings/",
    Role.APPROVER: "/tickets/?show=waiting",
    Role.AUDITOR: "/settings/audit/",
    Role.MEMBER: "/me/",
}


def home_after(answer: Any) -> str:
    """The last address of the redirects."""
    return str(answer.redirect_chain[-1][0])


@pytest.mark.parametrize("role", list(Role))
def test_each_role_lands_where_it_works(client: Client, cast: Cast, role: Role) -> None:
    client.force_login(person(cast.acme, "Erin", role))
    answer = client.get("/", follow=True)
    assert answer.status_code == 200 and home_after(answer) == HOMES[role]


def test_after_signing_in_one_lands_there_or_on_the_page_that_was_asked_for(client: Client, cast: Cast) -> None:
    given = {"login": cast.bob.email, "password": "correct horse battery"}
    assert home_after(client.post(reverse("account_login"), given, follow=True)) == HOMES[Role.APPROVER]
    client.logout()
    asked = client.get("/settings/people/")["Location"]
    assert home_after(client.post(asked, given | {"next": "/settings/people/"}, follow=True)) == "/settings/people/"


def test_who_has_several_organizations_comes_to_what_they_asked_for_once_they_have_chosen(
    client: Client, cast: Cast
) -> None:
    Membership.objects.create(organization=cast.globex, user=cast.bob, role=Role.AUDITOR)
    client.force_login(cast.bob)
    client.get("/inbox/?from=mail", follow=True)
    client.get(reverse("console:inbox"))
    chosen = {"organization": str(cast.acme.pk)}
    assert client.post(reverse("people:switch"), chosen)["Location"] == reverse("console:inbox")
    assert home_after(client.post(reverse("people:switch"), chosen, follow=True)) == HOMES[Role.APPROVER]
    other = {"organization": str(cast.globex.pk)}
    assert home_after(client.post(reverse("people:switch"), other, follow=True)) == HOMES[Role.AUDITOR]


def test_who_joins_lands_there_too(cast: Cast) -> None:
    _, link = invite_person(cast.acme, "erin@acme.test", Role.AUDITOR, actor=cast.actor(cast.alice))
    path = link.reveal().removeprefix("http://127.0.0.1:8000")
    answer = Client().post(path, {"name": "Erin", "password": "sunlight on the harbour wall"}, follow=True)
    assert home_after(answer) == HOMES[Role.AUDITOR]


def test_who_decides_by_a_group_lands_on_what_waits(client: Client, cast: Cast) -> None:
    mailing = make_mailing(cast)
    deciders = Group.objects.create(organization=cast.acme, slug="deciders", name="Deciders")
    erin = person(cast.acme, "Erin", Role.MEMBER, groups=[deciders])
    may = Permission.objects.get(codename="approve_connector")
    ConnectorGroupPermission.objects.create(group=deciders, content_object=mailing.tool.connector, permission=may)
    client.force_login(erin)
    assert client.get("/")["Location"] == "/me/"
    hold(mailing.call())
    assert client.get("/")["Location"] == "/me/waiting/"


@pytest.mark.django_db
def test_before_there_is_an_owner_the_first_page_says_where_the_link_is(client: Client) -> None:
    token = make_setup_link(actor=SYSTEM).reveal()
    page = client.get("/").content.decode()
    assert "manage.py start" in page and "manage.py setup_link" in page and token not in page
    assert reverse("home") in client.get(reverse("account_login")).content.decode()


def test_afterwards_it_leads_to_the_sign_in(client: Client, cast: Cast) -> None:
    assert client.get("/")["Location"] == "/accounts/login/?next=/"
    assert "set-up link" not in client.get(reverse("account_login")).content.decode()
    assert Membership.objects.filter(role=Role.OWNER).exists()
