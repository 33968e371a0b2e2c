"""Nobody is shown a way, or a number, that leads to what they may not open: every link of every page, for each role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from harriet.people.models import Membership, User
from harriet.people.roles import Role
from tests.browser.pages import details, lists
from tests.console.addresses import WITHOUT_THE_SHELL
from tests.stage.cast import Cast, person
from tests.stage.company import make_busy_company

LINK = re.compile(r'<a\b[^>]*?\bhref="([^"#]*)[^"]*"')
ELSEWHERE = ("http", "mailto:", "/static/", "/accounts/logout/")
SHUT = {403, 404}


@pytest.fixture
def company(cast: Cast) -> Cast:
    make_busy_company(cast)
    return cast


def somebody(cast: Cast, role: Role) -> User:
    """With Dana's group, so that there is something of their own to see."""
    return person(cast.acme, "Erin", role, groups=[cast.sales])


def kind_of(address: str) -> str:
    """The page that it is an address of, with which filters."""
    path, _, query = address.partition("?")
    try:
        return f"{resolve(path).view_name} {sorted(name for name, _ in parse_qsl(query))}"
    except Resolver404:
        return address


def pages_of(cast: Cast) -> list[str]:
    return ["/", *lists(), *details(cast)]


def links_in(page: str, at: str) -> Iterator[str]:
    """The addresses of other pages of Harriet's."""
    for found in LINK.findall(page):
        address = unescape(found)
        if address.startswith("?"):
            address = at.partition("?")[0] + address
        if address.startswith("/") and not address.startswith(ELSEWHERE):
            yield address


@pytest.mark.parametrize("role", list(Role))
def test_each_link_of_each_page_opens(client: Client, company: Cast, role: Role) -> None:
    client.force_login(somebody(company, role))
    opened: dict[str, tuple[str, str]] = {}
    statuses: dict[str, int] = {}
    for at in pages_of(company):
        answer = client.get(at, follow=True)
        statuses[at] = answer.redirect_chain[0][1] if answer.redirect_chain else answer.status_code
        if answer.status_code != 200 or not hasattr(answer, "content"):
            continue
        for address in links_in(answer.content.decode(), answer.request["PATH_INFO"]):
            opened.setdefault(kind_of(address), (address, at))  # a longer list of people is no other page
    for address, _ in opened.values():
        if address not in statuses:
            statuses[address] = client.get(address, headers=WITHOUT_THE_SHELL).status_code
    shut = [f"{at} leads to {address}" for address, at in opened.values() if statuses[address] in SHUT]
    assert not shut, "\n".join(shut)
    assert len(opened) > 8


COUNTED = (r"calls? waits? for approval", r"Calls today", r"Busiest tools")


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR, Role.APPROVER])
def test_what_the_overview_counts_is_what_the_role_may_open(client: Client, company: Cast, role: Role) -> None:
    client.force_login(somebody(company, role))
    page = client.get(reverse("console:overview")).content.decode()
    waiting, calls, _ = (bool(re.search(words, page)) for words in COUNTED)
    assert waiting == (role == Role.APPROVER)
    assert calls == (role == Role.AUDITOR)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR, Role.MEMBER])
def test_the_rail_counts_tickets_for_those_who_decide(client: Client, company: Cast, role: Role) -> None:
    client.force_login(somebody(company, role))
    page = client.get("/", follow=True).content.decode()
    assert 'data-count="tickets"' not in page
    assert Membership.objects.filter(role=role).exists()
